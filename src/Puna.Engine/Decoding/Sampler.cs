using System.Buffers.Binary;
using Puna.Kernels.Randomness;
using Puna.Kernels.Selection;

namespace Puna.Engine.Decoding;

/// <summary>
/// Draws tokens by the chain of <see cref="SamplingOptions"/>. It owns its buffers and allocates nothing for a token;
/// what it remembers (ids seen, position of the generator) can be taken back and set, for drafts and snapshots. Not safe
/// to share between threads.
/// </summary>
public sealed class Sampler
{
    private readonly ILogitProcessor[] _processors;
    private readonly Candidates _candidates;
    private PhiloxRandom _random;

    /// <summary>Makes a sampler for logits of <paramref name="vocabularySize"/> ids.</summary>
    /// <param name="options">The chain.</param>
    /// <param name="vocabularySize">Logits in a row.</param>
    /// <param name="processors">Change the logits in this order, behind bias and penalties.</param>
    /// <exception cref="InputException">An option lies outside its range.</exception>
    internal Sampler(
        SamplingOptions options,
        int vocabularySize,
        params IReadOnlyList<ILogitProcessor> processors
    )
    {
        options.Validate(vocabularySize);
        Options = options;
        VocabularySize = vocabularySize;
        Seed = options.Seed ?? FreshSeed();
        _random = new PhiloxRandom(Seed);
        _processors =
        [
            .. LogitBias.IsNeeded(options) ? [new LogitBias(options)] : (ILogitProcessor[])[],
            .. TokenPenalties.AreNeeded(options)
                ? [new TokenPenalties(options, vocabularySize)]
                : (ILogitProcessor[])[],
            .. processors,
        ];
        _candidates = new Candidates(Math.Min(vocabularySize, ExpectedCandidates(options)));
    }

    /// <summary>The chain.</summary>
    public SamplingOptions Options { get; }

    /// <summary>Logits in a row.</summary>
    public int VocabularySize { get; }

    /// <summary>The seed in use: the one asked for, else the fresh one; it repeats the run.</summary>
    public ulong Seed { get; }

    /// <summary>Numbers drawn so far: with the seed, the whole state of the generator.</summary>
    public ulong Position
    {
        get => _random.Position;
        set => _random.Seek(value);
    }

    /// <summary>Starts a sequence: the processors forget the ids seen so far and take the prompt's.</summary>
    public void Begin(ReadOnlySpan<int> prompt)
    {
        foreach (var processor in _processors)
        {
            processor.Begin(prompt);
        }
    }

    /// <summary>Counts an id as generated.</summary>
    public void Accept(int id)
    {
        foreach (var processor in _processors)
        {
            processor.Accept(id);
        }
    }

    /// <summary>Takes back the last <see cref="Accept"/> that was not taken back yet, which was of this id.</summary>
    public void Retract(int id)
    {
        foreach (var processor in _processors)
        {
            processor.Retract(id);
        }
    }

    /// <summary>Draws an id; the caller then says with <see cref="Accept"/> that it stays.</summary>
    /// <param name="logits">A row of logits; overwritten.</param>
    /// <exception cref="InputException">No token can be drawn: every one is banned, or no logit is a number.</exception>
    public int Sample(Span<float> logits)
    {
        Filter(logits);
        return Options.Temperature == 0 ? _candidates.Ids[0] : Draw();
    }

    /// <summary>What <see cref="Sample"/> would draw from, without a draw.</summary>
    /// <param name="logits">A row of logits; overwritten.</param>
    /// <exception cref="InputException">No token can be drawn.</exception>
    internal TokenDistribution Distribution(Span<float> logits)
    {
        Filter(logits);
        return new TokenDistribution(_candidates.Ids, _candidates.Weights, _candidates.Total);
    }

    /// <summary>The next uniform number in [0, 1) of this sampler's generator, for decoders that accept by chance.</summary>
    public double NextUniform() => _random.NextDouble();

    private static ulong FreshSeed()
    {
        // 53 bits: such a number survives JSON readers that know only doubles. The first half of a new GUID is random but
        // for four bits of its last two bytes; it costs no start of a cryptography library.
        Span<byte> bytes = stackalloc byte[16];
        _ = Guid.NewGuid().TryWriteBytes(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes) & ((1UL << 53) - 1)
            ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) >> 11;
    }

    private static int ExpectedCandidates(SamplingOptions options)
    {
        if (options.Temperature == 0)
        {
            return 1;
        }

        var everyToken = options.TopK == 0 || SelectsBeforeTopK(options);
        return everyToken || options.TopK > int.MaxValue / 4
            ? int.MaxValue
            : (2 * options.TopK) + 64;
    }

    private static bool SelectsBeforeTopK(SamplingOptions options) =>
        options.TypicalP < 1 || options.Epsilon > 0;

    private int Draw() => _candidates.Draw(_random.NextDouble());

    private void Filter(Span<float> logits)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, VocabularySize);
        foreach (var processor in _processors)
        {
            processor.Apply(logits);
        }

        var best = LargestElements.IndexOfLargest(logits);
        if (best < 0)
        {
            throw new InputException(
                "No token can be drawn: every one is banned (by a logit bias or a processor), or the model computes no numbers (its weights may be damaged)."
            );
        }

        if (Options.Temperature == 0 || float.IsPositiveInfinity(logits[best]))
        {
            _candidates.TakeOne(best);
            return;
        }

        if (SelectsBeforeTopK(Options))
        {
            _candidates.Take(logits, logits[best], Options.Temperature, 0);
            FilterBeforeTopK();
        }
        else
        {
            _candidates.Take(logits, logits[best], Options.Temperature, Options.TopK);
        }

        if (Options.TopP < 1)
        {
            _candidates.KeepNucleus(Options.TopP);
        }

        if (Options.MinP > 0)
        {
            _candidates.KeepNearLargest(Options.MinP);
        }
    }

    private void FilterBeforeTopK()
    {
        if (Options.TypicalP < 1)
        {
            _candidates.KeepTypical(Options.TypicalP);
        }

        if (Options.Epsilon > 0)
        {
            _candidates.KeepLikely(Options.Epsilon);
        }

        if (Options.TopK > 0)
        {
            _candidates.KeepTop(Options.TopK);
        }
    }
}

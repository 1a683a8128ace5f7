using Puna.Engine.Runtime;

namespace Puna.Engine.Decoding;

/// <summary>
/// What decoding adds to a sequence while an answer is generated: the sampler with what it remembers, and the log
/// probabilities of the tokens chosen.
/// </summary>
public sealed class DecodingState
{
    private readonly LogprobReader? _reader;
    private readonly List<TokenLogprobs>? _records;

    /// <summary>Starts an answer.</summary>
    /// <param name="sequence">The sequence; all its ids are the prompt.</param>
    /// <param name="sampler">Chooses tokens; begins anew with the prompt.</param>
    /// <param name="logprobs">Reads log probabilities of each chosen token, when wanted.</param>
    internal DecodingState(ISequence sequence, Sampler sampler, LogprobReader? logprobs = null)
    {
        Sequence = sequence;
        Sampler = sampler;
        PromptLength = sequence.Ids.Length;
        _reader =
            logprobs
            ?? (sequence.NeedsLosses ? new LogprobReader(sequence.VocabularySize, 0) : null);
        _records = logprobs is null ? null : [];
        sampler.Begin(sequence.Ids);
    }

    /// <summary>The sequence.</summary>
    public ISequence Sequence { get; }

    /// <summary>The sampler.</summary>
    internal Sampler Sampler { get; }

    /// <summary>Ids of the prompt.</summary>
    public int PromptLength { get; }

    /// <summary>Prompt and chosen ids.</summary>
    public ReadOnlySpan<int> Ids => Sequence.Ids;

    /// <summary>The ids chosen so far.</summary>
    public ReadOnlySpan<int> Chosen => Ids[PromptLength..];

    /// <summary>The last id: known, and not computed yet.</summary>
    public int Next => Ids[^1];

    /// <summary>Chooses the next id from a row of logits, which is overwritten, and counts it.</summary>
    public int Choose(Span<float> logits)
    {
        _reader?.Read(logits);
        var id = Sampler.Sample(logits);
        Take(id);
        return id;
    }

    /// <summary>
    /// What <see cref="Choose"/> would draw from, without a draw: for decoders that choose a token themselves and then
    /// <see cref="Take"/> it. Good until the sampler is used again.
    /// </summary>
    /// <param name="logits">A row of logits; overwritten.</param>
    internal TokenDistribution Distribution(Span<float> logits)
    {
        _reader?.Read(logits);
        return Sampler.Distribution(logits);
    }

    /// <summary>Takes an id as the next one and counts it, without a draw; its log probability is that of the row shown last.</summary>
    public void Take(int id)
    {
        Sampler.Accept(id);
        Sequence.Append(id);
        if (_reader is not null && Sequence.NeedsLosses)
        {
            Sequence.SetLoss(Ids.Length - 1, -_reader.Logprob(id));
        }

        _records?.Add(_reader!.Of(id));
    }

    /// <summary>Log probabilities of the chosen id at an index of <see cref="Chosen"/>; null when they are not read.</summary>
    internal TokenLogprobs? Logprobs(int index) => _records?[index];

    /// <summary>Takes the last choices back until <paramref name="count"/> are left; those that go are not committed.</summary>
    public void Retract(int count)
    {
        if (Chosen.Length <= count)
        {
            return;
        }

        for (var index = Chosen.Length - 1; index >= count; index--)
        {
            Sampler.Retract(Chosen[index]);
        }

        Sequence.Truncate(PromptLength + count);
        _records?.RemoveRange(count, _records.Count - count);
    }
}

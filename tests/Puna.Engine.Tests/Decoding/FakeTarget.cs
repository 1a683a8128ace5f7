using Puna.Engine.Decoding;

namespace Puna.Engine.Tests.Decoding;

/// <summary>A language model of a few lines: the logits after a context come from a rule. It keeps tail and committed tokens apart and refuses what breaks the contract.</summary>
internal sealed class FakeTarget(
    int vocabularySize,
    FakeTarget.Rule rule,
    int contextLength = 1000,
    int maximumBatch = 512
) : ITreeDecodingTarget
{
    private readonly int[] _tokens = new int[contextLength + 64];
    private readonly int[] _path = new int[contextLength + 64];
    private readonly float[] _logits = new float[64 * vocabularySize];
    private int _tail;

    public delegate void Rule(ReadOnlySpan<int> context, Span<float> logits);

    public int VocabularySize => vocabularySize;

    public int ContextLength => contextLength;

    public int MaximumBatch => maximumBatch;

    public int Length { get; private set; }

    public List<int> Batches { get; } = new(4096);

    public ReadOnlySpan<int> Committed => _tokens.AsSpan(0, Length);

    public int Tail => _tail;

    public int Rounds { get; private set; }

    public Func<Exception?> Fault { get; set; } = () => null;

    /// <summary>A rule that looks random and depends on every token of the context.</summary>
    public static void Hash(ReadOnlySpan<int> context, Span<float> logits)
    {
        var hash = 17UL;
        foreach (var token in context)
        {
            hash = (hash ^ (ulong)token) * 0x9E3779B97F4A7C15;
            hash ^= hash >> 29;
        }

        for (var id = 0; id < logits.Length; id++)
        {
            var mixed = (hash + (ulong)id) * 0xD1342543DE82EF95;
            mixed ^= mixed >> 32;
            logits[id] = (mixed & 0xFFFF) / 8192f;
        }
    }

    /// <summary>A rule that says the tokens of a script, whatever came before, then the last for ever.</summary>
    public static Rule Script(int promptLength, params int[] script) =>
        (context, logits) =>
        {
            logits.Clear();
            logits[script[Math.Min(context.Length - promptLength, script.Length - 1)]] = 10;
        };

    public Span<float> Forward(ReadOnlySpan<int> tokens, int logitRows, bool endsPrompt = false)
    {
        Require(tokens.Length >= 1 && tokens.Length <= maximumBatch);
        Require(Length + tokens.Length <= contextLength);
        if (Fault() is { } fault)
        {
            _tail = tokens.Length;
            throw fault;
        }

        Batches.Add(tokens.Length);
        tokens.CopyTo(_tokens.AsSpan(Length));
        _tail = tokens.Length;
        for (var row = 0; row < logitRows; row++)
        {
            var end = Length + tokens.Length - logitRows + row + 1;
            rule(_tokens.AsSpan(0, end), Row(row));
        }

        return _logits.AsSpan(0, logitRows * vocabularySize);
    }

    public Span<float> Forward(DraftTree tree)
    {
        Require(tree.Parents[0] == -1 && Length + tree.Count <= contextLength);
        tree.Tokens.CopyTo(_tokens.AsSpan(Length));
        _tail = tree.Count;
        for (var node = 0; node < tree.Count; node++)
        {
            Committed.CopyTo(_path);
            var depth = tree.Depths[node];
            for (var (at, place) = (node, Length + depth); at >= 0; at = tree.Parents[at], place--)
            {
                _path[place] = tree.Tokens[at];
            }

            rule(_path.AsSpan(0, Length + depth + 1), Row(node));
        }

        return _logits.AsSpan(0, tree.Count * vocabularySize);
    }

    public void Compact(ReadOnlySpan<int> kept)
    {
        for (var i = 0; i < kept.Length; i++)
        {
            _tokens[Length + i] = _tokens[Length + kept[i]];
        }

        _tail = kept.Length;
    }

    public void Commit(ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll = default)
    {
        Require(tokens.Length <= _tail);
        Require(_tokens.AsSpan(Length, tokens.Length).SequenceEqual(tokens));
        Length += tokens.Length;
        _tail = 0;
    }

    public void EndRound()
    {
        Require(_tail == 0);
        Rounds++;
    }

    public int Truncate(int length)
    {
        Require(length >= 0 && length <= Length);
        Length = length;
        _tail = 0;
        return length;
    }

    /// <summary>An assertion that allocates nothing.</summary>
    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("The target's contract was broken.");
        }
    }

    private Span<float> Row(int row) => _logits.AsSpan(row * vocabularySize, vocabularySize);
}

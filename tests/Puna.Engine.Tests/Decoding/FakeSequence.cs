using Puna.Engine.Runtime;

namespace Puna.Engine.Tests.Decoding;

/// <summary>A language model of a few lines: the logits after a context come from a rule. It keeps tail and committed tokens apart and refuses what breaks the contract.</summary>
internal sealed class FakeSequence(
    int vocabularySize,
    FakeSequence.Rule rule,
    int contextLength = 1000,
    int maximumRows = 512
) : ISequence
{
    private const int LogitRows = 64;
    private readonly int[] _ids = new int[contextLength + LogitRows];
    private readonly int[] _tail = new int[contextLength + LogitRows];
    private readonly int[] _parents = new int[contextLength + LogitRows];
    private readonly int[] _path = new int[contextLength + LogitRows];
    private readonly float[] _losses = new float[contextLength + LogitRows];
    private readonly float[] _logits = new float[LogitRows * vocabularySize];
    private readonly float[] _hidden = new float[LogitRows];
    private int _count;
    private bool _isBlock;
    private int _certain;

    public delegate void Rule(ReadOnlySpan<int> context, Span<float> logits);

    public int VocabularySize => vocabularySize;

    public int ContextLength => contextLength;

    public int MaximumRows => maximumRows;

    public bool NeedsLosses { get; init; }

    public IReadOnlyList<int> EndIds { get; init; } = [];

    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    public int Committed { get; private set; }

    /// <summary>Rows of each run.</summary>
    public List<int> Batches { get; } = new(4096);

    /// <summary>Every id that was ever committed, with the losses told for it, in order.</summary>
    public List<(int Id, float Loss)> Log { get; } = new(4096);

    public int Tail { get; private set; }

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

    public bool IsEnd(int id)
    {
        for (var i = 0; i < EndIds.Count; i++)
        {
            if (EndIds[i] == id)
            {
                return true;
            }
        }

        return false;
    }

    public void Reserve(int length) => Require(length >= _count && length <= _ids.Length);

    public void Append(params ReadOnlySpan<int> ids)
    {
        ids.CopyTo(_ids.AsSpan(_count));
        _losses.AsSpan(_count, ids.Length).Clear();
        _count += ids.Length;
    }

    public void SetLoss(int index, float loss)
    {
        Require(NeedsLosses && index >= Committed && index < _count);
        _losses[index] = loss;
    }

    public void Run(in NewRows rows)
    {
        Require(rows.Tokens.Length >= 1 && rows.Tokens.Length <= maximumRows && Tail == 0);
        Require(Committed + rows.Tokens.Length <= contextLength || !rows.Parents.IsEmpty);
        Tail = rows.Tokens.Length;
        if (Fault() is { } fault)
        {
            throw fault;
        }

        Batches.Add(rows.Tokens.Length);
        rows.Tokens.CopyTo(_tail);
        _isBlock = rows.IsBlock;
        _certain = rows.Certain;
        for (var row = 0; row < rows.Tokens.Length; row++)
        {
            _parents[row] = rows.Parents.IsEmpty ? row - 1 : rows.Parents.Span[row];
        }
    }

    public Span<float> Logits(ReadOnlySpan<int> rows)
    {
        for (var index = 0; index < rows.Length; index++)
        {
            rule(Context(rows[index]), _logits.AsSpan(index * vocabularySize, vocabularySize));
        }

        return _logits.AsSpan(0, rows.Length * vocabularySize);
    }

    /// <summary>One number a row: how many tokens it sees.</summary>
    public Span<float> Hidden(ReadOnlySpan<int> rows)
    {
        for (var index = 0; index < rows.Length; index++)
        {
            _hidden[index] = Context(rows[index]).Length;
        }

        return _hidden.AsSpan(0, rows.Length);
    }

    public void Compact(ReadOnlySpan<int> rows)
    {
        for (var to = 0; to < rows.Length; to++)
        {
            Require(rows[to] < Tail && (to == 0 || rows[to] > rows[to - 1]));
            _tail[to] = _tail[rows[to]];
        }

        Tail = rows.Length;
    }

    public void Commit(int rows)
    {
        Require(rows == 0 || rows >= _certain);
        Require(rows >= 0 && rows <= Tail && Committed + rows <= _count);
        Require(_tail.AsSpan(0, rows).SequenceEqual(Ids.Slice(Committed, rows)));
        for (var row = 0; row < rows; row++)
        {
            Log.Add((_ids[Committed], _losses[Committed]));
            Committed++;
        }

        Tail = 0;
    }

    public void EndRound() { }

    public void Truncate(int length)
    {
        Require(length >= 0 && length <= _count);
        _count = length;
        Committed = Math.Min(Committed, length);
        Tail = 0;
    }

    /// <summary>An assertion that allocates nothing.</summary>
    private static void Require(bool holds)
    {
        if (!holds)
        {
            throw new InvalidOperationException("The contract of a sequence was broken.");
        }
    }

    /// <summary>What a row sees: in a block all rows, with its own token last.</summary>
    private ReadOnlySpan<int> Context(int row)
    {
        Require(row >= 0 && row < Tail);
        Ids[..Committed].CopyTo(_path);
        if (_isBlock)
        {
            _tail.AsSpan(0, Tail).CopyTo(_path.AsSpan(Committed));
            _path[Committed + Tail] = row;
            return _path.AsSpan(0, Committed + Tail + 1);
        }

        var depth = 0;
        for (var at = row; at >= 0; at = _parents[at])
        {
            depth++;
        }

        Require(Committed + depth <= contextLength);
        for (var (at, place) = (row, Committed + depth - 1); at >= 0; at = _parents[at], place--)
        {
            _path[place] = _tail[at];
        }

        return _path.AsSpan(0, Committed + depth);
    }
}

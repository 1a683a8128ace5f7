using Puna.Engine.Cache;
using Puna.Engine.Linear;

namespace Puna.Engine.Runtime;

/// <summary>One sequence of an <see cref="InferenceEngine"/>: its ids, its keys and values, and how far they are computed.</summary>
public sealed class Sequence : ISequence, IDisposable
{
    private const int FirstRoom = 256;
    private int[] _ids;
    private float[] _losses;
    private int[] _tail = [];
    private int _count;

    /// <summary>Makes an empty sequence.</summary>
    public Sequence(InferenceEngine engine)
        : this(engine, engine.Cache.CreateSequence(engine.ContextLength), []) { }

    /// <summary>Takes over keys and values that are there already: a fork, a prefix, a snapshot, the work of another model.</summary>
    /// <param name="engine">Runs what follows.</param>
    /// <param name="kv">Committed keys and values, of the shape of the engine's cache; disposed of with the sequence.</param>
    /// <param name="ids">The ids they belong to.</param>
    /// <exception cref="ArgumentException">There are tentative tokens, or the shape is another.</exception>
    public Sequence(InferenceEngine engine, KvSequence kv, ReadOnlySpan<int> ids)
    {
        if (kv.TailLength > 0 || !kv.Cache.Shape.Matches(engine.Cache.Shape))
        {
            throw new ArgumentException(
                "Keys and values can be taken over when all are committed and lie as the engine's own do.",
                nameof(kv)
            );
        }

        Engine = engine;
        Kv = kv;
        NeedsLosses = (kv.Cache.Policies.Needs & KvNeeds.TokenNll) != 0;
        _ids = new int[Math.Max(FirstRoom, ids.Length)];
        _losses = NeedsLosses ? new float[_ids.Length] : [];
        ids.CopyTo(_ids);
        Committed = _count = ids.Length;
    }

    /// <summary>The engine that runs it.</summary>
    public InferenceEngine Engine { get; }

    /// <summary>Its keys and values.</summary>
    public KvSequence Kv { get; }

    /// <summary>
    /// What the linear maps of the model are adapted with for this sequence; null = the model as it is. It is not owned. Keys
    /// and values that were computed with another set stay as they are: set it before the first token.
    /// </summary>
    internal AdapterSet? Adapters { get; set; }

    /// <inheritdoc/>
    public int VocabularySize => Engine.Model.Config.VocabularySize;

    /// <inheritdoc/>
    public int ContextLength => Engine.ContextLength;

    /// <inheritdoc/>
    public int MaximumRows => Engine.Pass.MaximumRows;

    /// <inheritdoc/>
    public bool NeedsLosses { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    /// <inheritdoc/>
    public int Committed { get; private set; }

    /// <inheritdoc/>
    public bool IsEnd(int id) => Engine.IsEnd(id);

    /// <inheritdoc/>
    public void Reserve(int length)
    {
        if (length > _ids.Length)
        {
            Array.Resize(ref _ids, length);
            if (NeedsLosses)
            {
                Array.Resize(ref _losses, length);
            }
        }
    }

    /// <inheritdoc/>
    public void Append(params ReadOnlySpan<int> ids)
    {
        var needed = _count + ids.Length;
        if (needed > _ids.Length)
        {
            Reserve(Math.Max(needed, 2 * _ids.Length));
        }

        ids.CopyTo(_ids.AsSpan(_count));
        if (NeedsLosses)
        {
            _losses.AsSpan(_count, ids.Length).Clear();
        }

        _count = needed;
    }

    /// <inheritdoc/>
    public void SetLoss(int index, float loss) => _losses[index] = loss;

    /// <inheritdoc/>
    public void Run(in NewRows rows)
    {
        var batch = Engine.OwnBatch;
        batch.Clear();
        batch.Add(this, rows);
        batch.Run();
    }

    /// <inheritdoc/>
    public Span<float> Logits(ReadOnlySpan<int> rows) => LastRun().Logits(rows);

    /// <inheritdoc/>
    public Span<float> Hidden(ReadOnlySpan<int> rows) => LastRun().Hidden(rows);

    /// <inheritdoc/>
    public void Compact(ReadOnlySpan<int> rows)
    {
        using var inside = Engine.Enter();
        Kv.Compact(rows);
        for (var to = 0; to < rows.Length; to++)
        {
            _tail[to] = _tail[rows[to]];
        }
    }

    /// <inheritdoc/>
    public void Commit(int rows)
    {
        using var inside = Engine.Enter();
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Kv.TailLength);
        var known = Ids[Committed..];
        var agreed = known.CommonPrefixLength(_tail.AsSpan(0, rows));
        if (agreed < rows)
        {
            throw new InvalidOperationException(
                $"Row {agreed} of the tail ran token {_tail[agreed]}, which is not the id at {Committed + agreed}: it cannot be committed."
            );
        }

        Kv.Commit(
            known[..rows],
            NeedsLosses ? _losses.AsSpan(Committed, rows) : ReadOnlySpan<float>.Empty
        );
        Committed += rows;
    }

    /// <inheritdoc/>
    public void Truncate(int length)
    {
        using var inside = Engine.Enter();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, _count);
        var kept = Math.Min(length, Committed);

        // Counted from the end: where a policy has moved or dropped tokens, an index is no position.
        var asked = Kv.LogicalLength - (Committed - kept);
        var left = Kv.Truncate(asked);
        (Committed, _count) = (left == asked ? kept : 0, length);
    }

    /// <inheritdoc/>
    public void EndRound()
    {
        using var inside = Engine.Enter();
        Kv.EndRound();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using var inside = Engine.Enter();
        Kv.Dispose();
    }

    /// <summary>Notes what a pass is about to run.</summary>
    internal void BeginTail(ReadOnlySpan<int> tokens)
    {
        if (_tail.Length < tokens.Length)
        {
            _tail = new int[tokens.Length];
        }

        tokens.CopyTo(_tail);
    }

    private Batch LastRun() =>
        Engine.OwnBatch.Holds(this)
            ? Engine.OwnBatch
            : throw new InvalidOperationException(
                "Rows were asked of a sequence that was not the last to run."
            );
}

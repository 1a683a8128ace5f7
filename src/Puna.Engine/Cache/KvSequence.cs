using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Cache;

/// <summary>
/// Keys and values of one token sequence: committed tokens, which policies, forks, the prefix tree and snapshots see,
/// and behind them a tentative tail, which only attention sees. A forward pass reserves slots, writes each bank,
/// attends over <see cref="Pages"/>; then the tail is committed, truncated or compacted, and there is no other way
/// out of it. What it holds lies in <see cref="Lanes"/>: <see cref="LogicalLength"/> (the next position) is the sequence's,
/// how many slots are left of it each lane's.
/// Not thread-safe: the engine's thread owns a cache and all its sequences.
/// </summary>
public sealed class KvSequence : IDisposable
{
    // Far beyond any context, and so small that no sum of position and offset overflows.
    internal const int LargestPosition = 1 << 29;
    private readonly KvCache _cache;
    private readonly KvLanes _lanes;
    private readonly KvLine _line = new();
    private readonly KvSequencePolicies _policies;
    private readonly KvRoom _room;
    private bool _disposed;

    internal KvSequence(KvCache cache, KvLanes lanes, FixedStates? states)
        : this(
            cache,
            lanes,
            states,
            new KvSequencePolicies(cache.Policies, cache.Policies.CreateStates())
        ) { }

    private KvSequence(
        KvCache cache,
        KvLanes lanes,
        FixedStates? states,
        KvSequencePolicies policies
    )
    {
        FixedStates = states;
        _cache = cache;
        _lanes = lanes;
        _policies = policies;
        Pages = new KvPages(this);
        _room = new KvRoom(cache.Memory, lanes, _line, states);
        cache.Add(this);
    }

    /// <summary>The cache that it lies in.</summary>
    public KvCache Cache => _cache;

    /// <summary>Its lanes: one when all heads hold the same slots, one for each (bank, head) when a policy treats them apart.</summary>
    internal ReadOnlySpan<KvLane> Lanes => _lanes.All;

    /// <summary>Position behind the last committed token.</summary>
    public int LogicalLength => _line.Length;

    /// <summary>
    /// Position of the next token: <see cref="LogicalLength"/>, or the first free one of a gap that <see cref="Insert"/> opened.
    /// </summary>
    public int NextPosition => _line.Next;

    /// <summary>Tentative tokens behind the committed ones.</summary>
    public int TailLength => _lanes.TailLength;

    /// <summary>
    /// The distinct offsets of all entries; the first is always 0. For an offset o the query at position p must be rotated
    /// at p - o; <see cref="KvPageRef.OffsetGroup"/> is the index here.
    /// </summary>
    public ReadOnlySpan<int> Offsets => _lanes.Offsets;

    /// <summary>What attention reads: the pages of a bank, tail included.</summary>
    public KvPages Pages { get; }

    /// <summary>Exact bytes of the blocks held, of the tables and of the states.</summary>
    public KvBytes Bytes => _lanes.Bytes with { States = FixedStates?.Bytes ?? 0 };

    /// <summary>It is in a pass or its policies are at work: nobody else may drop slots of it.</summary>
    internal bool IsBusy => TailLength > 0 || _line.Gap > 0 || _policies.AtWork;

    internal KvLanes LaneSet => _lanes;

    /// <summary>The states of a fixed size, where the plan has any.</summary>
    internal FixedStates? FixedStates { get; }

    internal ReadOnlySpan<KvPolicyState?> States => _policies.States;

    /// <summary>The lane of a head of a bank.</summary>
    internal KvLane Lane(int bank, int head)
    {
        CheckBank(bank);
        return _lanes.LaneOf(bank, head);
    }

    /// <summary>What a stage of the cache's policy remembers of this sequence.</summary>
    /// <exception cref="ArgumentException">The stage is none of them, or keeps no such state.</exception>
    internal TState State<TState>(IKvPolicy stage)
        where TState : KvPolicyState => _policies.State<TState>(stage);

    /// <summary>
    /// Opens or extends the tail by <paramref name="tokens"/> tokens at the positions that follow the last one.
    /// </summary>
    /// <returns>Index in the tail of the first new token.</returns>
    /// <exception cref="CacheFullException">There are no blocks for them; the sequence is unchanged.</exception>
    public int Reserve(int tokens)
    {
        Room.Ensure(tokens);
        return Room.Extend(tokens);
    }

    /// <summary>
    /// Opens or extends the tail by one token for each position. The nodes of a token tree have position
    /// <see cref="NextPosition"/> + depth, so siblings share one.
    /// </summary>
    /// <returns>Index in the tail of the first new token.</returns>
    /// <exception cref="CacheFullException">There are no blocks for them; the sequence is unchanged.</exception>
    public int Reserve(ReadOnlySpan<int> positions)
    {
        Room.Ensure(positions);
        return Room.Extend(positions);
    }

    /// <summary>Position of a token of the tail: the one at which its keys must be rotated.</summary>
    public int TailPosition(int index)
    {
        CheckTail(index, 1);
        return _lanes.TailPosition(index);
    }

    /// <summary>Stores the rotated keys and the values of tail tokens in one bank.</summary>
    /// <param name="bank">The bank.</param>
    /// <param name="first">Index in the tail of the first token.</param>
    /// <param name="tokens">T.</param>
    /// <param name="keys">Keys [T, Hk * d], row t at t * <paramref name="keyStride"/>.</param>
    /// <param name="keyStride">Elements from one row of keys to the next.</param>
    /// <param name="values">Values [T, Hk * d], row t at t * <paramref name="valueStride"/>.</param>
    /// <param name="valueStride">Elements from one row of values to the next.</param>
    /// <param name="pool">Threads.</param>
    public void Write(
        int bank,
        int first,
        int tokens,
        NativeSpan<float> keys,
        long keyStride,
        NativeSpan<float> values,
        long valueStride,
        WorkerPool pool
    )
    {
        ArgumentNullException.ThrowIfNull(pool);
        CheckTail(first, tokens);
        if (tokens == 0)
        {
            return;
        }

        var job = new KvWriteJob(this, bank, first, tokens, keys, keyStride, values, valueStride);
        if (job.IsSmall)
        {
            job.Execute(0, 1);
        }
        else
        {
            pool.Run(ref job);
        }
    }

    /// <summary>
    /// Makes the first tokens of the tail final, one for each id, drops the rest of it, and tells the policies.
    /// </summary>
    /// <param name="tokens">Ids of the first tokens of the tail.</param>
    /// <param name="nll">-log p of each token, in nats; may be empty when no policy asks for it.</param>
    /// <exception cref="InvalidOperationException">
    /// Their positions do not ascend: a tree must be compacted to one path first. Or the pass was told that the tokens stay
    /// only together with later ones, and kept no states after them.
    /// </exception>
    public void Commit(ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll = default)
    {
        _cache.Policies.CheckLosses(tokens.Length, nll.Length);
        CheckTail(0, tokens.Length);
        var next = NextPosition;
        for (var index = 0; index < tokens.Length; index++)
        {
            var position = _lanes.TailPosition(index);
            if (position < next)
            {
                throw new InvalidOperationException(
                    $"Token {index} of the tail is at position {position}, where at least {next} was expected: compact a tree to one path before it is committed."
                );
            }

            next = position + 1;
        }

        FixedStates?.CheckCommit(tokens.Length);
        _lanes.Keep(tokens.Length);
        FixedStates?.Commit(tokens.Length);
        if (tokens.Length == 0)
        {
            return;
        }

        _lanes.Settle(tokens.Length);
        _line.Advance(next);
        _policies.OnCommit(this, tokens, nll);
        _lanes.GiveUpPassed(LogicalLength);
    }

    /// <summary>Tells the policies that a round of decoding ended: what it chose is committed.</summary>
    public void EndRound()
    {
        ThrowIfTail("end a round");
        _policies.OnRound(this);
    }

    /// <summary>
    /// Drops the tail and every committed token at an effective position of <paramref name="length"/> or more.
    /// Blocks shared with others are left as they are: the next write copies the last one.
    /// </summary>
    /// <returns>
    /// The length it now has: the one asked for, or 0 when a token behind that would see slots which a sliding window had
    /// passed and the sequence has given up, or when there are fixed states: those after earlier tokens are not kept. The
    /// caller runs the tokens from there on again.
    /// </returns>
    public int Truncate(int length)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, LogicalLength);
        _lanes.Keep(0);
        FixedStates?.Keep(0);
        _policies.EndsPrompt = false;
        if (length == LogicalLength && NextPosition == LogicalLength)
        {
            return length;
        }

        if (length > NextPosition)
        {
            // Behind an open gap nothing follows what was asked for.
            length = NextPosition;
        }

        if (length > 0 && FixedStates is null && _lanes.CanContinueAt(length))
        {
            _lanes.Drop(length, int.MaxValue);
        }
        else
        {
            _lanes.Clear();
            FixedStates?.Clear();
            length = 0;
        }

        _line.Set(length);
        _policies.OnTruncate(this, length);
        return length;
    }

    /// <summary>
    /// Keeps only the listed tail tokens, moved together in their order; the tail then has as many.
    /// </summary>
    /// <param name="kept">Indices in the tail, strictly ascending: the accepted path of a token tree.</param>
    public void Compact(ReadOnlySpan<int> kept)
    {
        var last = -1;
        foreach (var index in kept)
        {
            CheckTail(index, 1);
            if (index <= last)
            {
                throw new ArgumentException(
                    "The kept tail tokens must be listed in ascending order.",
                    nameof(kept)
                );
            }

            last = index;
        }

        for (var to = 0; to < kept.Length; to++)
        {
            if (kept[to] != to)
            {
                _lanes.CopyTail(kept[to], to);
            }
        }

        _lanes.Keep(kept.Length);
        FixedStates?.Compact(kept);
    }

    /// <summary>
    /// Drops the committed tokens at effective positions in [from, to) from every lane; later positions keep their gap and
    /// <see cref="LogicalLength"/> does not change. Fixed states still know the tokens.
    /// </summary>
    /// <returns>The number of slots dropped, in the lane that held most of them.</returns>
    public int Drop(int from, int to)
    {
        ThrowIfTail("drop committed tokens");
        return _lanes.Drop(from, Math.Min(to, LogicalLength));
    }

    /// <summary>
    /// Moves the committed tokens at effective positions in [from, to) by <paramref name="delta"/>: an edit of the
    /// tables, for keys of any format, which are never touched. When the range reaches
    /// <see cref="LogicalLength"/>, that moves too.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A position would become negative, or pass the next position.</exception>
    /// <exception cref="InvalidOperationException">
    /// The end would move in front of tokens that stay, or a sliding window has passed tokens that would come into it again.
    /// </exception>
    public void Shift(int from, int to, int delta)
    {
        ThrowIfTail("move committed tokens");
        _line.ThrowIfGap("move committed tokens");
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfLessThan(to, from);
        to = Math.Min(to, LogicalLength);
        from = Math.Min(from, to);
        var length = _line.LengthAfter(from, to, delta);
        if (_lanes.CountWithin(length, from) is var covered and > 0)
        {
            throw new InvalidOperationException(
                $"The tokens from position {from} on cannot move by {delta} over {covered} others, which would then lie behind the end: drop those first."
            );
        }

        _lanes.ThrowIfPassed(from);
        _lanes.Shift(from, to, delta);
        _line.Set(length);
    }

    /// <summary>
    /// Opens a gap for <paramref name="count"/> tokens at a position: the committed tokens from there on move behind it, by
    /// an edit of the tables. The next tokens that are reserved and committed fill it, in one pass or several; until it is
    /// full, nothing else may be done but take the tail or all that follows back. They see what lies before them only.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The position lies behind the end, or the sequence would become too long.</exception>
    /// <exception cref="InvalidOperationException">
    /// There is a tail or a gap, a sliding window has passed tokens that the new ones would see, or there are fixed states,
    /// of which only the last is known.
    /// </exception>
    public void Insert(int position, int count)
    {
        ThrowIfTail("take an insertion");
        _line.ThrowIfGap("take an insertion");
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, LogicalLength);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        _line.Check((long)LogicalLength + count - 1);
        _lanes.ThrowIfPassed(position);
        if (count == 0 || position == LogicalLength)
        {
            // At the end there is nothing to move, and the next tokens go there in any case.
            return;
        }

        if (FixedStates is not null)
        {
            throw new InvalidOperationException(
                $"Tokens cannot be inserted at position {position}: this model keeps states that are known after the last token only; run the sequence anew."
            );
        }

        _lanes.Shift(position, LogicalLength, count);
        _line.Open(position, count);
    }

    /// <summary>
    /// A sequence of the same committed tokens that shares every block; whoever appends first copies the last,
    /// partial one. Fixed states are copied.
    /// </summary>
    /// <exception cref="CacheFullException">There is no memory for the copy of its states.</exception>
    public KvSequence Fork()
    {
        ThrowIfTail("fork");
        _line.ThrowIfGap("fork");
        var states = FixedStates?.Fork();
        var fork = new KvSequence(_cache, _lanes.Share(), states, _policies.Fork());
        fork._line.Set(LogicalLength);
        return fork;
    }

    /// <summary>Gives all blocks back.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _lanes.Clear();
            FixedStates?.Dispose();
            _policies.Dispose();
            _cache.Remove(this);
            _line.Set(0);
        }
    }

    /// <summary>Makes room in the tail; see <see cref="KvRoom"/>.</summary>
    internal KvRoom Room
    {
        get
        {
            ThrowIfDisposed();
            return _room;
        }
    }

    /// <summary>The tail is the last chunk of a prompt: the policies are told when it is committed.</summary>
    internal void MarkPromptEnd() => _policies.EndsPrompt = true;

    /// <summary>Keeps the last queries of a layer [T, width] for the policies that look at them after the prompt.</summary>
    internal void Observe(
        int layer,
        int bank,
        NativeSpan<int> positions,
        NativeSpan<float> queries,
        int width
    ) => _policies.Observe(layer, bank, positions, queries, width);

    /// <summary>
    /// Takes over a block filled elsewhere (prefix tree, snapshot), which the caller has retained;
    /// <see cref="EndAdoption"/> follows the last one.
    /// </summary>
    internal void Adopt(int lane, KvTableEntry entry) => _lanes.Adopt(lane, entry);

    internal void EndAdoption(int logicalLength)
    {
        _lanes.EndAdoption();
        _line.Set(logicalLength);
        _policies.OnAdopt(this);
    }

    internal void ThrowIfTail(string action)
    {
        ThrowIfDisposed();
        if (TailLength > 0)
        {
            throw new InvalidOperationException(
                $"A sequence with {TailLength} uncommitted tokens cannot {action}: commit or truncate them first."
            );
        }
    }

    internal void ThrowIfGap(string action) => _line.ThrowIfGap(action);

    private void CheckTail(int first, int tokens)
    {
        ThrowIfDisposed();
        if (first < 0 || tokens < 0 || first > TailLength - tokens)
        {
            throw new ArgumentOutOfRangeException(
                nameof(first),
                $"{tokens} tokens at {first} were asked of a tail of {TailLength}."
            );
        }
    }

    internal void CheckBank(int bank)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(bank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bank, _cache.Shape.Banks);
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);
}

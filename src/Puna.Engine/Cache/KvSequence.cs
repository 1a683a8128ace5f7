using System.Numerics;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Cache;

/// <summary>
/// Keys and values of one token sequence: committed tokens, which policies, forks, the prefix tree and snapshots see,
/// and behind them a tentative tail, which only attention sees. A forward pass reserves slots, writes each bank,
/// attends over <see cref="Pages"/>; then the tail is committed, truncated or compacted, and there is no other way
/// out of it. <see cref="LogicalLength"/> (the next position) and <see cref="PhysicalLength"/> (slots held) are
/// separate facts: eviction parts them.
/// Not thread-safe: the engine's thread owns a cache and all its sequences.
/// </summary>
public sealed class KvSequence : IDisposable
{
    // Far beyond any context, and so small that no sum of position and offset overflows.
    internal const int LargestPosition = 1 << 29;
    private readonly KvCache _cache;
    private readonly KvTable _table;
    private readonly KvTail _tail;
    private bool _disposed;

    internal KvSequence(KvCache cache, KvTable table)
    {
        _cache = cache;
        _table = table;
        _tail = new KvTail(cache, table);
    }

    /// <summary>The cache that it lies in.</summary>
    public KvCache Cache => _cache;

    /// <summary>Position of the next token to be committed.</summary>
    public int LogicalLength { get; private set; }

    /// <summary>Committed slots held.</summary>
    public int PhysicalLength { get; private set; }

    /// <summary>Tentative tokens behind the committed ones.</summary>
    public int TailLength => _tail.Length;

    /// <summary>The last pages of <see cref="Pages"/>, from the one that holds the first tail token on; 0 without a tail.</summary>
    public int TailPages => _tail.Pages;

    /// <summary>
    /// The distinct offsets of the table; the first is always 0. For an offset o the query at position p must
    /// be rotated at p - o; <see cref="KvPageRef.OffsetGroup"/> is the index here.
    /// </summary>
    public ReadOnlySpan<int> Offsets => _table.Offsets;

    /// <summary>Exact bytes of the pages held, and of this table.</summary>
    public KvBytes Bytes
    {
        get
        {
            var (pages, shared) = (0, 0);
            for (var index = 0; index < _table.Count; index++)
            {
                // The parts of a split page are neighbours: count the page once.
                var page = _table[index].Block;
                if (index > 0 && _table[index - 1].Block == page)
                {
                    continue;
                }

                var own = 1;
                while (index + own < _table.Count && _table[index + own].Block == page)
                {
                    own++;
                }

                pages++;
                shared += _cache.Pool.References(page) > own ? 1 : 0;
            }

            return _cache.BytesOf(pages, shared, _table.Count);
        }
    }

    internal KvTable Table => _table;

    /// <summary>
    /// Opens or extends the tail by <paramref name="tokens"/> tokens at the positions that follow the last one.
    /// </summary>
    /// <returns>Index in the tail of the first new token.</returns>
    /// <exception cref="CacheFullException">There are no pages for them; the sequence is unchanged.</exception>
    public int Reserve(int tokens)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        var next = TailLength == 0 ? LogicalLength : TailPosition(TailLength - 1) + 1;
        CheckPosition((long)next + tokens - 1);
        var first = _tail.Extend(tokens);
        for (var index = 0; index < tokens; index++)
        {
            _tail.Position(first + index) = next + index;
        }

        return first;
    }

    /// <summary>
    /// Opens or extends the tail by one token for each position. The nodes of a token tree have position
    /// <see cref="LogicalLength"/> + depth, so siblings share one.
    /// </summary>
    /// <returns>Index in the tail of the first new token.</returns>
    /// <exception cref="CacheFullException">There are no pages for them; the sequence is unchanged.</exception>
    public int Reserve(ReadOnlySpan<int> positions)
    {
        ThrowIfDisposed();
        foreach (var position in positions)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(position, LogicalLength, nameof(positions));
            CheckPosition(position);
        }

        var first = _tail.Extend(positions.Length);
        for (var index = 0; index < positions.Length; index++)
        {
            _tail.Position(first + index) = positions[index];
        }

        return first;
    }

    /// <summary>Position of a token of the tail: the one at which its keys must be rotated.</summary>
    public int TailPosition(int index)
    {
        CheckTail(index, 1);
        return _tail.Position(index);
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

    /// <summary>Pages that <see cref="Pages"/> lists for each KV head of a bank.</summary>
    public int PagesPerHead(int bank)
    {
        CheckBank(bank);
        return _table.Count;
    }

    /// <summary>
    /// Lists the pages of a bank, tail included, as [Hk, <see cref="PagesPerHead"/>]: page i of head h at
    /// h * PagesPerHead + i. Valid until the next call that reserves, commits, truncates or moves.
    /// </summary>
    /// <returns><see cref="PagesPerHead"/>.</returns>
    public int Pages(int bank, Span<KvPageRef> pages)
    {
        CheckBank(bank);
        var count = _table.Count;
        var heads = _cache.Shape.Bank(bank).KvHeads;
        if (pages.Length < heads * count)
        {
            throw new ArgumentException(
                $"Bank {bank} lists {heads} x {count} pages, but there is room for {pages.Length}.",
                nameof(pages)
            );
        }

        for (var index = 0; index < count; index++)
        {
            ref readonly var entry = ref _table[index];
            var group = _cache.Block(entry.Block);
            var positions = group.Positions;
            var valid = entry.Valid | _tail.Mask(index);
            for (var head = 0; head < heads; head++)
            {
                pages[head * count + index] = new KvPageRef(
                    group.Keys(bank, head),
                    group.Values(bank, head),
                    positions,
                    valid,
                    entry.Offset,
                    entry.Group
                );
            }
        }

        return count;
    }

    /// <summary>
    /// For a token tree in the tail: which slots of the last <see cref="TailPages"/> pages each node sees, which are
    /// the committed ones, its ancestors and itself.
    /// </summary>
    /// <param name="parents">Index in the tail of each node's parent, lower than its own; -1 where that is the last committed token.</param>
    /// <param name="masks">[<see cref="TailLength"/>, <see cref="TailPages"/>].</param>
    public void TreeMasks(ReadOnlySpan<int> parents, Span<uint> masks)
    {
        ThrowIfDisposed();
        if (parents.Length != TailLength || masks.Length != TailLength * TailPages)
        {
            throw new ArgumentException(
                $"A tail of {TailLength} tokens in {TailPages} pages has as many parents and masks of both, not {parents.Length} and {masks.Length}."
            );
        }

        for (var index = 0; index < parents.Length; index++)
        {
            if (parents[index] < -1 || parents[index] >= index)
            {
                throw new ArgumentException(
                    $"Node {index} of a token tree names {parents[index]} as its parent; a parent comes before its children.",
                    nameof(parents)
                );
            }
        }

        _tail.TreeMasks(parents, masks);
    }

    /// <summary>Makes the first <paramref name="tokens"/> tokens of the tail final and drops the rest of it.</summary>
    /// <exception cref="InvalidOperationException">Their positions do not ascend: a tree must be compacted to one path first.</exception>
    public void Commit(int tokens)
    {
        _cache.Policies.CheckLosses(tokens, 0);
        CommitTail(tokens);
    }

    /// <summary>Commits one token for each id, and tells the policies the ids and the losses.</summary>
    /// <param name="tokens">Ids of the first tokens of the tail.</param>
    /// <param name="nll">-log p of each token, in nats; may be empty when no policy asks for it.</param>
    public void Commit(ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll)
    {
        _cache.Policies.CheckLosses(tokens.Length, nll.Length);
        CommitTail(tokens.Length);
        _cache.Policies.OnCommit(this, tokens, nll);
    }

    /// <summary>
    /// Drops the tail and every committed token at an effective position of <paramref name="length"/> or more.
    /// Pages shared with others are left as they are: the next write copies the last one.
    /// </summary>
    public void Truncate(int length)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, LogicalLength);
        _tail.Keep(0);
        if (length < LogicalLength)
        {
            PhysicalLength -= _table.Drop(length, int.MaxValue);
            LogicalLength = length;
        }
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
                _tail.Copy(kept[to], to);
            }
        }

        _tail.Keep(kept.Length);
    }

    /// <summary>
    /// Drops the committed tokens at effective positions in [from, to); later positions keep their gap and
    /// <see cref="LogicalLength"/> does not change.
    /// </summary>
    /// <returns>The number of slots dropped.</returns>
    public int Drop(int from, int to)
    {
        ThrowIfTail("drop committed tokens");
        var dropped = _table.Drop(from, Math.Min(to, LogicalLength));
        PhysicalLength -= dropped;
        return dropped;
    }

    /// <summary>
    /// Moves the committed tokens at effective positions in [from, to) by <paramref name="delta"/>: an edit of the
    /// table, for keys of any format, which are never touched. When the range reaches
    /// <see cref="LogicalLength"/>, that moves too.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A position would become negative, or pass the next position.</exception>
    /// <exception cref="InvalidOperationException">The end would move in front of tokens that stay.</exception>
    public void Shift(int from, int to, int delta)
    {
        ThrowIfTail("move committed tokens");
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        ArgumentOutOfRangeException.ThrowIfLessThan(to, from);
        to = Math.Min(to, LogicalLength);
        from = Math.Min(from, to);
        var length = to == LogicalLength ? (long)LogicalLength + delta : LogicalLength;
        if (from + (long)delta < 0 || to + (long)delta > length || length > LargestPosition)
        {
            throw new ArgumentOutOfRangeException(
                nameof(delta),
                $"Positions {from} to {to} cannot move by {delta} in a sequence whose next position is {LogicalLength}."
            );
        }

        if (_table.CountWithin((int)length, from) is var covered and > 0)
        {
            throw new InvalidOperationException(
                $"The tokens from position {from} on cannot move by {delta} over {covered} others, which would then lie behind the end: drop those first."
            );
        }

        _table.Shift(from, to, delta);
        LogicalLength = (int)length;
    }

    /// <summary>
    /// A sequence of the same committed tokens that shares every page; whoever appends first copies the last,
    /// partial page.
    /// </summary>
    public KvSequence Fork()
    {
        ThrowIfTail("fork");
        return new KvSequence(_cache, _table.Share())
        {
            LogicalLength = LogicalLength,
            PhysicalLength = PhysicalLength,
        };
    }

    /// <summary>Gives all pages back.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _tail.Keep(0);
            _table.Dispose();
            LogicalLength = PhysicalLength = 0;
        }
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

    /// <summary>
    /// Takes over a page filled elsewhere (prefix tree, snapshot), which the caller has retained;
    /// <see cref="EndAdoption"/> follows the last one.
    /// </summary>
    internal void Adopt(KvTableEntry entry)
    {
        _table.Append(entry);
        PhysicalLength += BitOperations.PopCount(entry.Valid);
    }

    internal void EndAdoption(int logicalLength)
    {
        _table.Regroup();
        LogicalLength = logicalLength;
    }

    internal (int Entry, int Slot) Locate(int tailIndex) => _tail.Locate(tailIndex);

    private void CommitTail(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        CheckTail(0, tokens);
        var next = LogicalLength;
        for (var index = 0; index < tokens; index++)
        {
            var position = TailPosition(index);
            if (position < next)
            {
                throw new InvalidOperationException(
                    $"Token {index} of the tail is at position {position}, where at least {next} was expected: compact a tree to one path before it is committed."
                );
            }

            next = position + 1;
        }

        _tail.Keep(tokens);
        if (tokens == 0)
        {
            return;
        }

        var (start, count) = (_tail.FirstEntry, _table.Count);
        _tail.Settle();
        LogicalLength = next;
        PhysicalLength += tokens;
        _cache.Policies.OnAppend(this, start, count);
        for (var entry = start; entry < count; entry++)
        {
            if (_table[entry].Valid >> 31 != 0)
            {
                _cache.Policies.OnSeal(this, entry);
            }
        }
    }

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

    private void CheckBank(int bank)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(bank);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(bank, _cache.Shape.Banks);
    }

    private static void CheckPosition(long position)
    {
        if (position >= LargestPosition)
        {
            throw new InputException(
                $"Position {position} lies beyond the longest sequence that can be cached, {LargestPosition} tokens."
            );
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);
}

using System.Numerics;
using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>The lanes of one sequence, and what is done to all of them alike.</summary>
internal sealed class KvLanes
{
    private readonly KvCache _cache;
    private readonly KvLane[] _lanes;
    private readonly KvOffsets _offsets = new();

    /// <summary>Makes empty lanes with room for so many table entries each.</summary>
    public KvLanes(KvCache cache, int capacity)
    {
        _cache = cache;
        _lanes = new KvLane[cache.Layout.Lanes.Length];
        for (var lane = 0; lane < _lanes.Length; lane++)
        {
            var forms = cache.Layout.Layouts(lane);
            _lanes[lane] = new KvLane(cache, forms[0], new KvTable(cache.Memory, forms, capacity));
        }
    }

    private KvLanes(KvCache cache, KvLane[] lanes, KvOffsets offsets) =>
        (_cache, _lanes, _offsets) = (cache, lanes, offsets);

    public ReadOnlySpan<KvLane> All => _lanes;

    public ReadOnlySpan<int> Offsets => _offsets.Values;

    // Every lane has a tail of the same tokens.
    public int TailLength => _lanes.Length == 0 ? 0 : _lanes[0].Tail.Length;

    public KvBytes Bytes
    {
        get
        {
            var sum = default(KvBytes);
            foreach (var lane in _lanes)
            {
                sum += lane.Bytes;
            }

            return sum;
        }
    }

    public int TailPosition(int index) => _lanes[0].Tail.Position(index);

    public void SetTailPosition(int index, int position)
    {
        foreach (var lane in _lanes)
        {
            lane.Tail.Position(index) = position;
        }
    }

    /// <summary>Adds to the count of the cache's memory what so many more tokens take.</summary>
    public void Count(int tokens)
    {
        foreach (var lane in _lanes)
        {
            _cache.Memory.Count(lane.Layout.Pool, lane.Tail.CountBlocks(tokens));
            foreach (var form in _cache.Layout.Layouts(lane.Index).AsSpan(1))
            {
                // What fills up may be sealed when it is committed, which must not fail then.
                _cache.Memory.Count(form.Pool, lane.Tail.CountFull(tokens));
            }
        }
    }

    /// <summary>Adds slots to every tail, for which blocks are free. Returns the index of the first.</summary>
    public int Extend(int tokens)
    {
        var first = 0;
        foreach (var lane in _lanes)
        {
            first = lane.Tail.Extend(tokens);
        }

        return first;
    }

    public void Keep(int tokens)
    {
        foreach (var lane in _lanes)
        {
            lane.Tail.Keep(tokens);
        }
    }

    public void CopyTail(int from, int to)
    {
        foreach (var lane in _lanes)
        {
            lane.Tail.Copy(from, to);
        }
    }

    public void Settle(int tokens)
    {
        foreach (var lane in _lanes)
        {
            lane.Tail.Settle();
            lane.PhysicalLength += tokens;
        }
    }

    /// <summary>Drops the slots of committed tokens in [from, to). Returns the most that a lane dropped.</summary>
    public int Drop(int from, int to)
    {
        var most = 0;
        foreach (var lane in _lanes)
        {
            most = Math.Max(most, lane.Drop(from, to));
        }

        Regroup();
        return most;
    }

    public int CountWithin(int from, int to)
    {
        var most = 0;
        foreach (var lane in _lanes)
        {
            most = Math.Max(most, lane.Table.CountWithin(from, to));
        }

        return most;
    }

    public void Shift(int from, int to, int delta)
    {
        foreach (var lane in _lanes)
        {
            lane.Table.Shift(from, to, delta);
        }

        Regroup();
    }

    public void GiveUpPassed(int next)
    {
        foreach (var lane in _lanes)
        {
            lane.GiveUpPassed(next);
        }
    }

    public bool CanContinueAt(int position)
    {
        foreach (var lane in _lanes)
        {
            if (!lane.CanContinueAt(position))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Refuses a change before which some lane has given up what its tokens would see.</summary>
    public void ThrowIfPassed(int position)
    {
        if (!CanContinueAt(position))
        {
            throw new InvalidOperationException(
                $"The tokens before position {position} were given up when the sliding window had passed them, so that nothing can move or be inserted there: run the sequence anew."
            );
        }
    }

    public KvLanes Share() =>
        new(_cache, Array.ConvertAll(_lanes, lane => lane.Share()), _offsets.Copy());

    /// <summary>Gives every block back.</summary>
    public void Clear()
    {
        foreach (var lane in _lanes)
        {
            lane.Tail.Keep(0);
            lane.Table.Cut(0);
            (lane.PhysicalLength, lane.FirstPosition) = (0, 0);
        }

        _offsets.Clear();
    }

    /// <summary>
    /// Takes over a block filled elsewhere, which the caller has retained; <see cref="EndAdoption"/> follows the last one.
    /// </summary>
    public void Adopt(int lane, KvTableEntry entry)
    {
        _lanes[lane].Table.Append(entry);
        _lanes[lane].PhysicalLength += BitOperations.PopCount(entry.Valid);
    }

    public void EndAdoption() => Regroup();

    public KvLane LaneOf(int bank, int head) => _lanes[_cache.Layout.LaneOf(bank, head)];

    /// <summary>Pages listed for each head of a bank: as many as the head with most entries has.</summary>
    public int PagesPerHead(int bank)
    {
        if (!_cache.Layout.IsPerHead)
        {
            return LaneOf(bank, 0).Count;
        }

        var most = 0;
        for (var head = 0; head < _cache.Shape.Bank(bank).KvHeads; head++)
        {
            most = Math.Max(most, LaneOf(bank, head).Count);
        }

        return most;
    }

    /// <summary>Pages at the end of each head's list that hold tail tokens in some head.</summary>
    public int TailPages(int bank)
    {
        var most = 0;
        var heads = _cache.Layout.IsPerHead ? _cache.Shape.Bank(bank).KvHeads : 1;
        for (var head = 0; head < heads; head++)
        {
            most = Math.Max(most, LaneOf(bank, head).Tail.Entries);
        }

        return most;
    }

    /// <summary>Lists [Hk, <paramref name="pagesPerHead"/>], the entries of a head at the end of its row.</summary>
    public void List(int bank, int pagesPerHead, Span<KvPageRef> pages)
    {
        var layout = _cache.Layout;
        var heads = _cache.Shape.Bank(bank).KvHeads;
        if (!layout.IsPerHead)
        {
            List(LaneOf(bank, 0), layout.CellOf(bank, 0), heads, pagesPerHead, pages);
            return;
        }

        for (var head = 0; head < heads; head++)
        {
            var row = pages.Slice(head * pagesPerHead, pagesPerHead);
            var lane = LaneOf(bank, head);
            row[..^lane.Count].Clear();
            List(lane, layout.CellOf(bank, head), 1, pagesPerHead, row[^lane.Count..]);
        }
    }

    /// <summary>Masks of a token tree: [T, tail pages], or [Hk, T, tail pages] where the heads have lanes of their own.</summary>
    public void TreeMasks(int bank, ReadOnlySpan<int> parents, Span<uint> masks)
    {
        var heads = _cache.Layout.IsPerHead ? _cache.Shape.Bank(bank).KvHeads : 1;
        var length = masks.Length / heads;
        for (var head = 0; head < heads; head++)
        {
            LaneOf(bank, head)
                .Tail.TreeMasks(parents, TailPages(bank), masks.Slice(head * length, length));
        }
    }

    // One numbering for all lanes: the queries are rotated once for each.
    private void Regroup()
    {
        _offsets.Clear();
        foreach (var lane in _lanes)
        {
            lane.Table.Regroup(_offsets);
        }
    }

    private static void List(
        KvLane lane,
        int firstCell,
        int cells,
        int stride,
        Span<KvPageRef> pages
    )
    {
        var table = lane.Table;
        for (var index = 0; index < table.Count; index++)
        {
            ref readonly var entry = ref table[index];
            var block = table.Block(index);
            var positions = block.Positions;
            var keyFormat = block.Layout.KeyFormat(firstCell);
            var valueFormat = block.Layout.ValueFormat(firstCell);
            var valid = entry.Valid | lane.Tail.Mask(index);
            for (var cell = 0; cell < cells; cell++)
            {
                pages[cell * stride + index] = new KvPageRef(
                    block.Keys(firstCell + cell),
                    block.Values(firstCell + cell),
                    keyFormat,
                    valueFormat,
                    positions,
                    valid,
                    entry.Offset,
                    entry.Group
                );
            }
        }
    }
}

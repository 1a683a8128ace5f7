using System.Numerics;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// The blocks of one sequence in the order of its tokens, one reference each. In the uniform layout one table serves
/// all banks and heads and a block is a group of theirs; per-head eviction will keep a table for each.
/// </summary>
internal sealed class KvTable : IDisposable
{
    private readonly KvBlockPool _pool;
    private readonly long _positionsOffset;
    private KvTableEntry[] _entries;
    private int[] _offsets = new int[4];

    public KvTable(KvBlockPool pool, long positionsOffset, int capacity)
    {
        _pool = pool;
        _positionsOffset = positionsOffset;
        _entries = new KvTableEntry[Math.Max(4, capacity)];
    }

    public int Count { get; private set; }

    /// <summary>Entries for which there is room without a managed allocation.</summary>
    public int Capacity => _entries.Length;

    /// <summary>Distinct offsets; the first is always 0.</summary>
    public ReadOnlySpan<int> Offsets => _offsets.AsSpan(0, OffsetCount);

    public int OffsetCount { get; private set; } = 1;

    public ref KvTableEntry this[int index] => ref _entries.AsSpan(0, Count)[index];

    /// <summary>Stored positions of a block, [32].</summary>
    public NativeSpan<int> Positions(int block) =>
        _pool.Block(block).Slice(_positionsOffset, KvPageRef.Slots * sizeof(int)).Cast<int>();

    /// <summary>Appends an empty block.</summary>
    public void Append() => Append(new KvTableEntry { Block = _pool.Rent() });

    /// <summary>Appends an entry whose reference the caller hands over; <see cref="Regroup"/> follows the last one.</summary>
    public void Append(KvTableEntry entry) => Insert(Count, entry);

    /// <summary>Gives the entry a block that nobody else holds, with the same bytes.</summary>
    public void MakeOwn(int index)
    {
        ref var entry = ref this[index];
        if (_pool.References(entry.Block) > 1)
        {
            var copy = _pool.RentCopy(entry.Block);
            _pool.Release(entry.Block);
            entry.Block = copy;
        }
    }

    /// <summary>Drops all entries from <paramref name="count"/> on.</summary>
    public void Cut(int count)
    {
        for (var index = count; index < Count; index++)
        {
            _pool.Release(_entries[index].Block);
        }

        Count = Math.Min(Count, count);
    }

    /// <summary>An equal table that shares every block.</summary>
    public KvTable Share()
    {
        var copy = new KvTable(_pool, _positionsOffset, _entries.Length);
        foreach (ref readonly var entry in _entries.AsSpan(0, Count))
        {
            _pool.Retain(entry.Block);
            copy.Insert(copy.Count, entry);
        }

        copy._offsets = _offsets.ToArray();
        copy.OffsetCount = OffsetCount;
        return copy;
    }

    /// <summary>Bits of the committed slots of an entry whose effective positions lie in [from, to).</summary>
    public uint Within(KvTableEntry entry, int from, int to)
    {
        if (entry.Valid == 0)
        {
            return 0;
        }

        var positions = Positions(entry.Block).Span;
        var mask = 0u;
        for (var slot = 0; slot < KvPageRef.Slots; slot++)
        {
            var position = positions[slot] + entry.Offset;
            mask |= position >= from && position < to ? 1u << slot : 0;
        }

        return mask & entry.Valid;
    }

    /// <summary>Committed slots whose effective positions lie in [from, to).</summary>
    public int CountWithin(int from, int to)
    {
        var count = 0;
        for (var index = 0; from < to && index < Count; index++)
        {
            count += BitOperations.PopCount(Within(_entries[index], from, to));
        }

        return count;
    }

    /// <summary>
    /// Drops the slots whose effective positions lie in [from, to) and every block that is left without one.
    /// Returns the number of slots dropped.
    /// </summary>
    public int Drop(int from, int to)
    {
        var dropped = 0;
        var kept = 0;
        for (var index = 0; index < Count; index++)
        {
            var entry = _entries[index];
            var mask = Within(entry, from, to);
            dropped += BitOperations.PopCount(mask);
            entry.Valid &= ~mask;
            if (entry.Valid == 0)
            {
                _pool.Release(entry.Block);
                continue;
            }

            _entries[kept++] = entry;
        }

        Count = kept;
        Regroup();
        return dropped;
    }

    /// <summary>
    /// Adds <paramref name="delta"/> to the effective positions in [from, to). A block of which only a part moves
    /// gets a second entry with the other part's mask; no key is touched.
    /// </summary>
    public void Shift(int from, int to, int delta)
    {
        for (var index = 0; index < Count; index++)
        {
            var moved = Within(_entries[index], from, to);
            if (moved == 0)
            {
                continue;
            }

            var rest = _entries[index].Valid & ~moved;
            if (rest != 0)
            {
                var other = _entries[index];
                other.Valid = rest;
                _entries[index].Valid = moved;
                _pool.Retain(other.Block);

                // Whichever part holds the earlier slots stays first.
                var restIsFirst = (rest & (0u - rest)) < (moved & (0u - moved));
                Insert(restIsFirst ? index : index + 1, other);
                index++;
                _entries[restIsFirst ? index : index - 1].Offset += delta;
            }
            else
            {
                _entries[index].Offset += delta;
            }
        }

        Regroup();
    }

    public void Dispose() => Cut(0);

    /// <summary>Numbers the distinct offsets.</summary>
    public void Regroup()
    {
        OffsetCount = 1;
        for (var index = 0; index < Count; index++)
        {
            ref var entry = ref _entries[index];
            entry.Group = Offsets.IndexOf(entry.Offset);
            if (entry.Group >= 0)
            {
                continue;
            }

            if (OffsetCount == _offsets.Length)
            {
                Array.Resize(ref _offsets, OffsetCount * 2);
            }

            entry.Group = OffsetCount;
            _offsets[OffsetCount++] = entry.Offset;
        }
    }

    private void Insert(int index, KvTableEntry entry)
    {
        if (Count == _entries.Length)
        {
            Array.Resize(ref _entries, Count * 2);
        }

        Array.Copy(_entries, index, _entries, index + 1, Count - index);
        _entries[index] = entry;
        Count++;
    }
}

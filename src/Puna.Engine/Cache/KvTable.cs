using System.Numerics;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// The blocks of one lane of a sequence in the order in which they came, one reference each.
/// </summary>
internal sealed class KvTable
{
    private readonly KvMemory _memory;
    private readonly KvLaneLayout[] _forms;
    private KvTableEntry[] _entries;

    /// <summary>Makes an empty table.</summary>
    /// <param name="memory">The pools.</param>
    /// <param name="forms">Layout of the lane's blocks in each form, the one that grows first.</param>
    /// <param name="capacity">Entries to have room for.</param>
    public KvTable(KvMemory memory, KvLaneLayout[] forms, int capacity)
    {
        _memory = memory;
        _forms = forms;
        _entries = new KvTableEntry[Math.Max(4, capacity)];
    }

    public int Count { get; private set; }

    /// <summary>Entries for which there is room without a managed allocation.</summary>
    public int Capacity => _entries.Length;

    public ref KvTableEntry this[int index] => ref _entries.AsSpan(0, Count)[index];

    /// <summary>The block of an entry, seen as pages.</summary>
    public KvBlock Block(int index) => Block(this[index].Reference);

    /// <summary>A block of the lane, seen as pages.</summary>
    public KvBlock Block(KvBlockRef block) =>
        new(_forms[block.Form], PoolOf(block.Form).Block(block.Block));

    /// <summary>Stored positions of an entry, [32].</summary>
    public NativeSpan<int> Positions(KvTableEntry entry) => Block(entry.Reference).Positions;

    /// <summary>Layout of the blocks of a form.</summary>
    public KvLaneLayout LayoutOf(int form) => _forms[form];

    /// <summary>Pool of the blocks of a form.</summary>
    public KvBlockPool PoolOf(int form) => _memory.Pools[_forms[form].Pool];

    /// <summary>Somebody else holds the block of an entry too.</summary>
    public bool IsShared(int index) => PoolOf(this[index].Form).References(this[index].Block) > 1;

    /// <summary>Appends an empty block.</summary>
    public void Append() => Append(new KvTableEntry { Block = PoolOf(0).Rent() });

    /// <summary>Appends an entry whose reference the caller hands over.</summary>
    public void Append(KvTableEntry entry) => Insert(Count, entry);

    /// <summary>Gives the entry a block that nobody else holds, with the same bytes.</summary>
    public void MakeOwn(int index)
    {
        ref var entry = ref this[index];
        var pool = PoolOf(entry.Form);
        if (pool.References(entry.Block) > 1)
        {
            var copy = pool.RentCopy(entry.Block);
            pool.Release(entry.Block);
            entry.Block = copy;
        }
    }

    /// <summary>A block of a form with the positions of an entry, and nothing else in it.</summary>
    public KvBlockRef Rent(int index, int form)
    {
        var fresh = new KvBlockRef(PoolOf(form).Rent(), form);
        Block(index).Positions.Span.CopyTo(Block(fresh).Positions.Span);
        return fresh;
    }

    /// <summary>Gives the entry another block, whose reference the caller hands over.</summary>
    public void Replace(int index, KvBlockRef block)
    {
        ref var entry = ref this[index];
        Release(entry.Reference);
        (entry.Block, entry.Form) = (block.Block, block.Form);
    }

    /// <summary>Gives up a reference to a block.</summary>
    public void Release(KvBlockRef block) => PoolOf(block.Form).Release(block.Block);

    /// <summary>Drops all entries from <paramref name="count"/> on.</summary>
    public void Cut(int count)
    {
        for (var index = count; index < Count; index++)
        {
            Release(_entries[index].Reference);
        }

        Count = Math.Min(Count, count);
    }

    /// <summary>An equal table that shares every block.</summary>
    public KvTable Share()
    {
        var copy = new KvTable(_memory, _forms, _entries.Length);
        foreach (ref readonly var entry in _entries.AsSpan(0, Count))
        {
            PoolOf(entry.Form).Retain(entry.Block);
            copy.Insert(copy.Count, entry);
        }

        return copy;
    }

    /// <summary>Bits of the committed slots of an entry whose effective positions lie in [from, to).</summary>
    public uint Within(KvTableEntry entry, int from, int to)
    {
        if (entry.Valid == 0)
        {
            return 0;
        }

        var positions = Positions(entry).Span;
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

    /// <summary>Drops the slots whose effective positions lie in [from, to). Returns their number.</summary>
    public int Drop(int from, int to)
    {
        var dropped = 0;
        for (var index = 0; index < Count; index++)
        {
            ref var entry = ref _entries[index];
            var mask = Within(entry, from, to);
            dropped += BitOperations.PopCount(mask);
            entry.Valid &= ~mask;
        }

        Sweep();
        return dropped;
    }

    /// <summary>Drops the listed slots, a mask for each entry. Returns their number.</summary>
    public int Drop(ReadOnlySpan<uint> slots)
    {
        var dropped = 0;
        for (var index = 0; index < Count; index++)
        {
            dropped += BitOperations.PopCount(_entries[index].Valid & slots[index]);
            _entries[index].Valid &= ~slots[index];
        }

        Sweep();
        return dropped;
    }

    /// <summary>Drops the first entries. Returns the number of slots dropped.</summary>
    public int DropFirst(int entries)
    {
        var dropped = 0;
        for (var index = 0; index < entries; index++)
        {
            dropped += BitOperations.PopCount(_entries[index].Valid);
            _entries[index].Valid = 0;
        }

        Sweep();
        return dropped;
    }

    /// <summary>
    /// Moves the slots of neighbouring entries at one offset together, bit for bit, so that they take as few blocks as they
    /// can. Keys and positions stay what they are. Sealed blocks, whose pages may be coded as a whole, stay as they are.
    /// </summary>
    public void Pack()
    {
        for (var start = 0; start < Count; )
        {
            var (end, slots) = (start, 0);
            while (
                end < Count
                && _entries[end].Form == 0
                && _entries[end].Offset == _entries[start].Offset
            )
            {
                slots += BitOperations.PopCount(_entries[end++].Valid);
            }

            var blocks = (slots + KvPageRef.Slots - 1) / KvPageRef.Slots;
            if (blocks < end - start)
            {
                Pack(start, end, slots, blocks);
            }

            start = Math.Max(end, start + 1);
        }

        Sweep();
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
                PoolOf(other.Form).Retain(other.Block);

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
    }

    /// <summary>Numbers the offsets of the entries anew.</summary>
    public void Regroup(KvOffsets offsets)
    {
        for (var index = 0; index < Count; index++)
        {
            _entries[index].Group = offsets.IndexOf(_entries[index].Offset);
        }
    }

    // A slot never moves behind its place, so that what is read later is not yet overwritten.
    private void Pack(int start, int end, int slots, int blocks)
    {
        for (var index = start; index < start + blocks; index++)
        {
            MakeOwn(index);
        }

        var to = 0;
        for (var index = start; index < end; index++)
        {
            var valid = _entries[index].Valid;
            var source = Block(index);
            for (; valid != 0; valid &= valid - 1, to++)
            {
                var slot = BitOperations.TrailingZeroCount(valid);
                var (block, toSlot) = Math.DivRem(to, KvPageRef.Slots);
                if ((start + block, toSlot) != (index, slot))
                {
                    source.CopySlot(slot, Block(start + block), toSlot);
                }
            }
        }

        for (var index = start; index < end; index++)
        {
            var rest = slots - (index - start) * KvPageRef.Slots;
            _entries[index].Valid =
                rest <= 0 ? 0
                : rest >= KvPageRef.Slots ? uint.MaxValue
                : (1u << rest) - 1;
        }
    }

    // An entry without a slot gives its block back.
    private void Sweep()
    {
        var kept = 0;
        for (var index = 0; index < Count; index++)
        {
            if (_entries[index].Valid == 0)
            {
                Release(_entries[index].Reference);
            }
            else
            {
                _entries[kept++] = _entries[index];
            }
        }

        Count = kept;
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

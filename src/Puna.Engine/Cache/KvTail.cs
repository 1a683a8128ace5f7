using System.Numerics;
using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// The tentative tokens of a lane: the slots behind its committed ones, first in the last block where that is open, then
/// in new blocks. No block of the tail is shared, so that writes need no further care.
/// </summary>
internal sealed class KvTail(KvTable table)
{
    private int _entry;
    private int _slot;

    public int Length { get; private set; }

    /// <summary>Table entries from the one that holds the first tail token on.</summary>
    public int Entries => Length == 0 ? 0 : table.Count - _entry;

    /// <summary>Index of the entry that holds the first tail token.</summary>
    public int FirstEntry => _entry;

    public (int Entry, int Slot) Locate(int index)
    {
        var slot = _slot + index;
        return (_entry + slot / KvPageRef.Slots, slot % KvPageRef.Slots);
    }

    public ref int Position(int index)
    {
        var (entry, slot) = Locate(index);
        return ref table.Positions(table[entry])[slot];
    }

    /// <summary>Bits of the slots of an entry that hold tail tokens.</summary>
    public uint Mask(int entry)
    {
        if (Length == 0 || entry < _entry)
        {
            return 0;
        }

        var start = (entry - _entry) * KvPageRef.Slots;
        return Below(_slot + Length - start) & ~Below(_slot - start);
    }

    /// <summary>Blocks to be rented before so many more tokens have slots; a copy of a shared last block is one of them.</summary>
    public int CountBlocks(int tokens)
    {
        if (tokens == 0)
        {
            return 0;
        }

        var (entry, slot) = Next();
        var copies = entry < table.Count && table.PoolOf(0).CountCopy(table[entry].Block);
        return Missing(entry, slot, tokens) + (copies ? 1 : 0);
    }

    /// <summary>Blocks that will be full when so many more tokens are committed: what a policy may then seal.</summary>
    public int CountFull(int tokens) =>
        tokens == 0 ? 0 : (Next().Slot + Length + tokens) / KvPageRef.Slots;

    /// <summary>Adds slots, for which blocks are free. Returns the index of the first.</summary>
    public int Extend(int tokens)
    {
        var first = Length;
        if (tokens == 0)
        {
            return first;
        }

        var (entry, slot) = Next();
        var missing = Missing(entry, slot, tokens);
        if (entry < table.Count)
        {
            table.MakeOwn(entry);
        }

        for (var added = 0; added < missing; added++)
        {
            table.Append();
        }

        (_entry, _slot) = (entry, slot);
        Length = first + tokens;
        return first;
    }

    /// <summary>Keeps the first tokens and gives back the blocks of the rest.</summary>
    public void Keep(int tokens)
    {
        if (Length > 0)
        {
            Length = tokens;
            table.Cut(_entry + (_slot + tokens + KvPageRef.Slots - 1) / KvPageRef.Slots);
        }
    }

    /// <summary>Marks all tail slots as committed; the tail is then empty.</summary>
    public void Settle()
    {
        for (var entry = _entry; entry < table.Count; entry++)
        {
            table[entry].Valid |= Mask(entry);
        }

        Length = 0;
    }

    /// <summary>Copies keys, values and position of one tail token over another.</summary>
    public void Copy(int from, int to)
    {
        var (fromEntry, fromSlot) = Locate(from);
        var (toEntry, toSlot) = Locate(to);
        table.Block(fromEntry).CopySlot(fromSlot, table.Block(toEntry), toSlot);
    }

    /// <summary>
    /// Masks [T, <paramref name="entries"/>] of a token tree over the last entries of the table: what each node sees.
    /// </summary>
    public void TreeMasks(ReadOnlySpan<int> parents, int entries, Span<uint> masks)
    {
        // The first tail entry holds committed slots too, and those before it nothing else.
        var first = entries - Entries;
        for (var index = 0; index < parents.Length; index++)
        {
            var row = masks.Slice(index * entries, entries);
            if (parents[index] < 0)
            {
                row[..first].Fill(uint.MaxValue);
                row[first..].Clear();
                row[first] = table[_entry].Valid;
            }
            else
            {
                masks.Slice(parents[index] * entries, entries).CopyTo(row);
            }

            var (entry, slot) = Locate(index);
            row[first + entry - _entry] |= 1u << slot;
        }
    }

    private int Missing(int entry, int slot, int tokens)
    {
        var end = (long)slot + Length + tokens;
        return entry + (int)((end + KvPageRef.Slots - 1) / KvPageRef.Slots) - table.Count;
    }

    private (int Entry, int Slot) Next() => Length > 0 ? (_entry, _slot) : OpenSlot();

    // New tokens go behind the last one in its block, unless that lies at an offset: their keys come rotated at their own
    // positions, which only an entry at offset 0 can hold. A sealed block takes no more.
    private (int Entry, int Slot) OpenSlot()
    {
        var last = table.Count - 1;
        if (
            last < 0
            || table[last].Offset != 0
            || table[last].Form != 0
            || table[last].Valid >> 31 != 0
        )
        {
            return (table.Count, 0);
        }

        return (last, KvPageRef.Slots - BitOperations.LeadingZeroCount(table[last].Valid));
    }

    private static uint Below(int slot) =>
        slot <= 0 ? 0u
        : slot >= KvPageRef.Slots ? uint.MaxValue
        : (1u << slot) - 1;
}

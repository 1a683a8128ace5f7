using System.Numerics;
using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// The tentative tokens of a sequence: the slots behind its committed ones, first in the last page where that is
/// open, then in new pages. No page of the tail is shared, so that writes need no further care.
/// </summary>
internal sealed class KvTail(KvCache cache, KvTable table)
{
    private int _entry;
    private int _slot;

    public int Length { get; private set; }

    /// <summary>Table entries from the one that holds the first tail token on.</summary>
    public int Pages => Length == 0 ? 0 : table.Count - _entry;

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
        return ref table.Positions(table[entry].Block)[slot];
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

    /// <summary>Adds slots. Returns the index of the first; when pages are lacking nothing has changed.</summary>
    public int Extend(int tokens)
    {
        var first = Length;
        if (tokens == 0)
        {
            return first;
        }

        var (entry, slot) = first > 0 ? (_entry, _slot) : OpenSlot();
        var pages = (int)(((long)slot + first + tokens + KvPageRef.Slots - 1) / KvPageRef.Slots);
        var missing = entry + pages - table.Count;
        var copies = entry < table.Count && cache.Pool.References(table[entry].Block) > 1;
        cache.Pool.EnsureFree(missing + (copies ? 1 : 0));
        if (copies)
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

    /// <summary>Keeps the first tokens and gives back the pages of the rest.</summary>
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
        var source = cache.Block(table[fromEntry].Block);
        var target = cache.Block(table[toEntry].Block);
        var shape = cache.Shape;
        for (var bank = 0; bank < shape.Banks; bank++)
        {
            var (heads, headDim) = shape.Bank(bank);
            for (var head = 0; head < heads; head++)
            {
                KvPageLayout.CopySlot(
                    shape.KeyFormat,
                    shape.ValueFormat,
                    headDim,
                    source.Keys(bank, head),
                    source.Values(bank, head),
                    fromSlot,
                    target.Keys(bank, head),
                    target.Values(bank, head),
                    toSlot
                );
            }
        }

        target.Positions[toSlot] = source.Positions[fromSlot];
    }

    /// <summary>Masks of a token tree, see <see cref="KvSequence.TreeMasks"/>; shapes are checked.</summary>
    public void TreeMasks(ReadOnlySpan<int> parents, Span<uint> masks)
    {
        var pages = Pages;
        for (var index = 0; index < parents.Length; index++)
        {
            var row = masks.Slice(index * pages, pages);
            if (parents[index] < 0)
            {
                row.Clear();
                row[0] = table[_entry].Valid;
            }
            else
            {
                masks.Slice(parents[index] * pages, pages).CopyTo(row);
            }

            var (entry, slot) = Locate(index);
            row[entry - _entry] |= 1u << slot;
        }
    }

    // New tokens go behind the last one in its page, unless that page lies at an offset: their keys come rotated at
    // their own positions, which only an entry at offset 0 can hold.
    private (int Entry, int Slot) OpenSlot()
    {
        var last = table.Count - 1;
        if (last < 0 || table[last].Offset != 0 || table[last].Valid >> 31 != 0)
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

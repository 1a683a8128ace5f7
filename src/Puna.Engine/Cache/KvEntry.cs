using System.Numerics;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// An entry of a lane's table, as policies see it: 32 slots of every cell of the lane. Reading and writing go through the
/// layout of the pages, whatever their format. A write first gives the sequence a block of its own, if others hold it too.
/// Valid until slots of the lane are dropped, moved or packed.
/// </summary>
public readonly struct KvEntry
{
    private readonly KvLane _lane;
    private readonly int _index;

    internal KvEntry(KvLane lane, int index) => (_lane, _index) = (lane, index);

    /// <summary>Bit s: slot s holds a committed token of this sequence.</summary>
    public uint Valid => _lane.Table[_index].Valid;

    /// <summary>Committed slots.</summary>
    public int Count => BitOperations.PopCount(Valid);

    /// <summary>Effective position of a slot = stored position + this.</summary>
    public int Offset => _lane.Table[_index].Offset;

    /// <summary>Someone else holds the block too: a fork, the prefix tree, or another entry of this lane.</summary>
    public bool IsShared => _lane.Pool.References(_lane.Table[_index].Block) > 1;

    /// <summary>Effective position of a slot.</summary>
    public int Position(int slot) => _lane.Table.Block(_index).Positions[slot] + Offset;

    /// <summary>Reads the key of a slot, as it is stored (rotated at the stored position), [d].</summary>
    public void ReadKey(int cell, int slot, Span<float> key)
    {
        var headDim = _lane.HeadDim(cell);
        var keys = _lane.Cache.Scratch(KvPageRef.Slots * headDim);
        Formats(cell).Keys.WidenKeys(_lane.Table.Block(_index).Keys(cell), headDim, keys);
        for (var channel = 0; channel < headDim; channel++)
        {
            key[channel] = keys[(channel * KvPageRef.Slots) + slot];
        }
    }

    /// <summary>Reads the value of a slot, [d].</summary>
    public void ReadValue(int cell, int slot, Span<float> value)
    {
        var headDim = _lane.HeadDim(cell);
        var values = _lane.Cache.Scratch(KvPageRef.Slots * headDim);
        Formats(cell).Values.WidenValues(_lane.Table.Block(_index).Values(cell), headDim, values);
        values.Slice((long)slot * headDim, headDim).Span.CopyTo(value);
    }

    /// <summary>Stores the key of a slot, [d], rotated at the slot's stored position.</summary>
    /// <exception cref="CacheFullException">The block is shared, and there is none for a copy.</exception>
    public void WriteKey(int cell, int slot, ReadOnlySpan<float> key)
    {
        _lane.Table.MakeOwn(_index);
        var page = _lane.Table.Block(_index).Keys(cell);
        Formats(cell).Keys.WriteKeys(page, key.Length, slot, 1, Row(cell, key), key.Length);
    }

    /// <summary>Stores the value of a slot, [d].</summary>
    /// <exception cref="CacheFullException">The block is shared, and there is none for a copy.</exception>
    public void WriteValue(int cell, int slot, ReadOnlySpan<float> value)
    {
        _lane.Table.MakeOwn(_index);
        var page = _lane.Table.Block(_index).Values(cell);
        Formats(cell)
            .Values.WriteValues(page, value.Length, slot, 1, Row(cell, value), value.Length);
    }

    /// <summary>Says at which effective position the keys of a slot now lie, after they were rotated anew in every cell.</summary>
    /// <exception cref="CacheFullException">The block is shared, and there is none for a copy.</exception>
    public void WritePosition(int slot, int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(position, KvSequence.LargestPosition);
        _lane.Table.MakeOwn(_index);
        _lane.Table.Block(_index).Positions[slot] = position - Offset;
    }

    private KvFormatPair Formats(int cell) => _lane.Shape.Formats(_lane.Cells[cell].Bank);

    private NativeSpan<float> Row(int cell, ReadOnlySpan<float> numbers)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(numbers.Length, _lane.HeadDim(cell));
        var row = _lane.Cache.Scratch(numbers.Length);
        numbers.CopyTo(row.Span);
        return row;
    }
}

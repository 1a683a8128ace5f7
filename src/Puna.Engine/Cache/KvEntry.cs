using System.Numerics;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// An entry of a lane's table, as policies see it: 32 slots of every cell of the lane. Reading and writing go through the
/// layout of the pages, whatever their format. A write first gives the sequence a block of its own, if others hold it too.
/// Valid until slots of the lane are dropped, moved or packed.
/// </summary>
internal readonly struct KvEntry
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
    public bool IsShared => _lane.Table.IsShared(_index);

    /// <summary>The form that the block is sealed in; null while it is stored slot by slot.</summary>
    public KvForm? Form =>
        _lane.Table[_index].Form is var form and > 0
            ? _lane.Cache.Layout.SealedForms[form - 1]
            : null;

    /// <summary>Effective position of a slot.</summary>
    public int Position(int slot) => _lane.Table.Block(_index).Positions[slot] + Offset;

    /// <summary>Reads the key of a slot, as it is stored (rotated at the stored position), [d].</summary>
    public void ReadKey(int cell, int slot, Span<float> key)
    {
        var headDim = _lane.HeadDim(cell);
        var keys = _lane.Cache.Scratch(KvPageRef.Slots * headDim);
        WidenKeys(_lane.Table.Block(_index), cell, keys);
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
        WidenValues(_lane.Table.Block(_index), cell, values);
        values.Slice((long)slot * headDim, headDim).Span.CopyTo(value);
    }

    /// <summary>Stores the key of a slot, [d], rotated at the slot's stored position.</summary>
    /// <exception cref="CacheFullException">The block is shared, and there is none for a copy.</exception>
    /// <exception cref="InvalidOperationException">The block is sealed.</exception>
    public void WriteKey(int cell, int slot, ReadOnlySpan<float> key)
    {
        ThrowIfSealed();
        _lane.Table.MakeOwn(_index);
        var page = _lane.Table.Block(_index).Keys(cell);
        Formats(cell).Keys.WriteKeys(page, key.Length, slot, 1, Row(cell, key), key.Length);
    }

    /// <summary>Stores the value of a slot, [d].</summary>
    /// <exception cref="CacheFullException">The block is shared, and there is none for a copy.</exception>
    /// <exception cref="InvalidOperationException">The block is sealed.</exception>
    public void WriteValue(int cell, int slot, ReadOnlySpan<float> value)
    {
        ThrowIfSealed();
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

    /// <summary>
    /// Stores the block anew in a form, page by page. Whoever shares the old block keeps it; slots, positions and offset of
    /// this entry stay what they are. Nothing can be appended to a sealed block, even if it is not full: new tokens then
    /// begin another one. A block that is sealed already can be sealed again.
    /// </summary>
    /// <param name="form">One of the forms that a policy of the cache declares.</param>
    /// <param name="sealer">Codes the pages.</param>
    /// <exception cref="ArgumentException">No policy of the cache declares the form.</exception>
    /// <exception cref="CacheFullException">There is no block of the form; nothing has changed.</exception>
    /// <exception cref="InvalidOperationException">The block holds uncommitted tokens.</exception>
    public void Seal(KvForm form, IKvSealer sealer)
    {
        ArgumentNullException.ThrowIfNull(form);
        ArgumentNullException.ThrowIfNull(sealer);
        var table = _lane.Table;
        var number = _lane.Cache.Layout.NumberOf(form);
        if (_lane.Tail.Mask(_index) != 0)
        {
            throw new InvalidOperationException(
                "A block that holds uncommitted tokens cannot be sealed: commit or truncate them first."
            );
        }

        var fresh = table.Rent(_index, number);
        try
        {
            Code(table.Block(fresh), Valid, sealer);
        }
        catch
        {
            table.Release(fresh);
            throw;
        }

        table.Replace(_index, fresh);
    }

    private void Code(KvBlock to, uint valid, IKvSealer sealer)
    {
        var from = _lane.Table.Block(_index);
        for (var cell = 0; cell < _lane.Cells.Length; cell++)
        {
            var numbers = _lane.Cache.Scratch(KvPageRef.Slots * _lane.HeadDim(cell));
            WidenKeys(from, cell, numbers);
            sealer.SealKeys(_lane.Cells[cell], valid, numbers, to.Keys(cell));
            WidenValues(from, cell, numbers);
            sealer.SealValues(_lane.Cells[cell], valid, numbers, to.Values(cell));
        }
    }

    private KvFormatPair Formats(int cell) => _lane.Shape.Formats(_lane.Cells[cell].Bank);

    private void WidenKeys(KvBlock block, int cell, NativeSpan<float> to) =>
        block.Layout.KeyFormat(cell).WidenKeys(block.Keys(cell), _lane.HeadDim(cell), to);

    private void WidenValues(KvBlock block, int cell, NativeSpan<float> to) =>
        block.Layout.ValueFormat(cell).WidenValues(block.Values(cell), _lane.HeadDim(cell), to);

    private void ThrowIfSealed()
    {
        if (_lane.Table[_index].Form != 0)
        {
            throw new InvalidOperationException(
                "A sealed block does not store single slots: seal it again with what it is to hold."
            );
        }
    }

    private NativeSpan<float> Row(int cell, ReadOnlySpan<float> numbers)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(numbers.Length, _lane.HeadDim(cell));
        var row = _lane.Cache.Scratch(numbers.Length);
        numbers.CopyTo(row.Span);
        return row;
    }
}

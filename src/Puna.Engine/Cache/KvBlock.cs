using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>The bytes of one block, seen as the pages of the cells of its lane.</summary>
internal readonly struct KvBlock(KvLaneLayout layout, NativeSpan<byte> bytes)
{
    public KvLaneLayout Layout => layout;

    public NativeSpan<int> Positions =>
        bytes.Slice(layout.PositionsOffset, KvPageRef.Slots * sizeof(int)).Cast<int>();

    public NativeSpan<byte> Keys(int cell) =>
        bytes.Slice(layout.KeyOffset(cell), layout.KeyBytes(cell));

    public NativeSpan<byte> Values(int cell) =>
        bytes.Slice(layout.ValueOffset(cell), layout.ValueBytes(cell));

    /// <summary>Copies keys, values and position of a slot of every cell, bit for bit; between blocks that grow.</summary>
    public void CopySlot(int slot, KvBlock to, int toSlot)
    {
        var shape = layout.Shape;
        var cells = layout.Cells;
        for (var cell = 0; cell < cells.Length; cell++)
        {
            var bank = cells[cell].Bank;
            var headDim = shape.Bank(bank).HeadDim;
            var formats = shape.Formats(bank);
            formats.Keys.CopyKey(Keys(cell), slot, to.Keys(cell), toSlot, headDim);
            formats.Values.CopyValue(Values(cell), slot, to.Values(cell), toSlot, headDim);
        }

        to.Positions[toSlot] = Positions[slot];
    }
}

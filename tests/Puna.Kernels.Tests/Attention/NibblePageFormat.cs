using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Tests.Attention;

/// <summary>
/// A format that the kernel does not know: x = zero + step * code, code 0 to 15, step and zero for each slot. Keys and
/// values are stored alike, slot after slot: step, zero (f32), then two codes a byte.
/// </summary>
internal sealed class NibblePageFormat() : KvSlotFormat("nibble", "Nibble")
{
    public override int KeyBytes(int headDim) => Slots * SlotBytes(headDim);

    public override int ValueBytes(int headDim) => KeyBytes(headDim);

    public override void WidenKeys(NativeSpan<byte> page, int headDim, NativeSpan<float> to)
    {
        for (var slot = 0; slot < Slots; slot++)
        {
            for (var channel = 0; channel < headDim; channel++)
            {
                to[channel * Slots + slot] = Element(page, slot, channel, headDim);
            }
        }
    }

    public override void WidenValues(NativeSpan<byte> page, int headDim, NativeSpan<float> to)
    {
        for (var slot = 0; slot < Slots; slot++)
        {
            for (var channel = 0; channel < headDim; channel++)
            {
                to[slot * headDim + channel] = Element(page, slot, channel, headDim);
            }
        }
    }

    public override void WriteKeys(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    )
    {
        for (var index = 0; index < count; index++)
        {
            var row = rows.Slice(index * rowStride, headDim).Span;
            var (low, high) = (float.MaxValue, float.MinValue);
            foreach (var number in row)
            {
                (low, high) = (Math.Min(low, number), Math.Max(high, number));
            }

            var step = (high - low) / 15;
            var slot = Slot(page, firstSlot + index, headDim);
            var numbers = slot.Cast<float>();
            (numbers[0], numbers[1]) = (step, low);
            var codes = slot.Slice(2 * sizeof(float));
            codes.Span.Clear();
            for (var channel = 0; channel < headDim; channel++)
            {
                var code = step == 0 ? 0 : (int)MathF.Round((row[channel] - low) / step);
                codes[channel / 2] |= (byte)(code << (channel % 2 * 4));
            }
        }
    }

    public override void WriteValues(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    ) => WriteKeys(page, headDim, firstSlot, count, rows, rowStride);

    public override void CopyKey(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    ) => Slot(from, fromSlot, headDim).Span.CopyTo(Slot(to, toSlot, headDim).Span);

    public override void CopyValue(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    ) => CopyKey(from, fromSlot, to, toSlot, headDim);

    private static int SlotBytes(int headDim) => 2 * sizeof(float) + (headDim + 7) / 8 * 4;

    private static NativeSpan<byte> Slot(NativeSpan<byte> page, int slot, int headDim) =>
        page.Slice((long)slot * SlotBytes(headDim), SlotBytes(headDim));

    private static float Element(NativeSpan<byte> page, int slot, int channel, int headDim)
    {
        var bytes = Slot(page, slot, headDim);
        var numbers = bytes.Cast<float>();
        var code = bytes[2 * sizeof(float) + channel / 2] >> (channel % 2 * 4) & 15;
        return numbers[1] + numbers[0] * code;
    }
}

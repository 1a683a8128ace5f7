using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Tests.Cache;

/// <summary>
/// Whole pages only: x = step * code, codes of 4 or 8 bits, one step a slot, which is the largest number over the largest code.
/// Keys and values lie alike: steps f32 [32], then the codes of each slot from its next whole byte on.
/// </summary>
internal sealed class CodedPageFormat(int bits) : KvPageFormat($"coded{bits}", $"Coded{bits}")
{
    private const int StepBytes = Slots * sizeof(float);

    /// <summary>The numbers of a slot as the format gives them back.</summary>
    public float[] Round(ReadOnlySpan<float> row)
    {
        var rounded = new float[row.Length];
        var step = StepOf(row);
        for (var channel = 0; channel < row.Length; channel++)
        {
            rounded[channel] = CodeOf(row[channel], step) * step;
        }

        return rounded;
    }

    public void EncodeKeys(NativeSpan<float> keys, NativeSpan<byte> page)
    {
        var headDim = (int)keys.Length / Slots;
        Encode(page, headDim, (slot, channel) => keys[channel * Slots + slot]);
    }

    public void EncodeValues(NativeSpan<float> values, NativeSpan<byte> page)
    {
        var headDim = (int)values.Length / Slots;
        Encode(page, headDim, (slot, channel) => values[slot * headDim + channel]);
    }

    public override int KeyBytes(int headDim) => StepBytes + Slots * SlotBytes(headDim);

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

    private void Encode(NativeSpan<byte> page, int headDim, Func<int, int, float> number)
    {
        var row = new float[headDim];
        for (var slot = 0; slot < Slots; slot++)
        {
            for (var channel = 0; channel < headDim; channel++)
            {
                row[channel] = number(slot, channel);
            }

            var step = StepOf(row);
            page.Slice(0, StepBytes).Cast<float>()[slot] = step;
            var codes = page.Slice(StepBytes + slot * SlotBytes(headDim), SlotBytes(headDim));
            for (var channel = 0; channel < headDim; channel++)
            {
                var code = CodeOf(row[channel], step) & ((1 << bits) - 1);
                codes[channel * bits / 8] |= (byte)(code << (channel * bits % 8));
            }
        }
    }

    private float Element(NativeSpan<byte> page, int slot, int channel, int headDim)
    {
        var codes = page.Slice(StepBytes + slot * SlotBytes(headDim), SlotBytes(headDim));
        var shift = 32 - bits;
        var code = codes[channel * bits / 8] >> (channel * bits % 8) << shift >> shift;
        return code * page.Slice(0, StepBytes).Cast<float>()[slot];
    }

    private float StepOf(ReadOnlySpan<float> row)
    {
        var largest = 0f;
        foreach (var number in row)
        {
            largest = Math.Max(largest, Math.Abs(number));
        }

        return largest / ((1 << (bits - 1)) - 1);
    }

    private static int CodeOf(float number, float step) =>
        step == 0 ? 0 : (int)MathF.Round(number / step);

    private int SlotBytes(int headDim) => (headDim * bits + 7) / 8;
}

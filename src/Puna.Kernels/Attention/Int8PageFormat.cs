using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// <see cref="KvPageFormats.Int8"/>: x = step * code, see <see cref="Int8Slot"/>. Keys are codes [ceil(d / 4)][32][4], so
/// that a 32-bit lane holds four channels of one slot (the order of an int8 dot product; channels past d are 0), then
/// the step of each slot, f32 [32]. Values are codes [32][d], then the steps.
/// </summary>
internal sealed unsafe class Int8PageFormat() : KvSlotFormat("int8", "Int8", Code)
{
    /// <summary>The format's number.</summary>
    public const ushort Code = 3;

    // Channels encoded at a time on the stack; a multiple of 4.
    private const int Block = 256;

    /// <summary>Steps of the keys of a page, [32].</summary>
    public static float* KeySteps(byte* page, int headDim) =>
        (float*)(page + KeyStepsOffset(headDim));

    /// <summary>Steps of the values of a page, [32].</summary>
    public static float* ValueSteps(byte* page, int headDim) =>
        (float*)(page + ValueStepsOffset(headDim));

    /// <inheritdoc/>
    public override int KeyBytes(int headDim) =>
        KeyStepsOffset(PageChecks.HeadDim(headDim)) + Slots * sizeof(float);

    /// <inheritdoc/>
    public override int ValueBytes(int headDim) =>
        ValueStepsOffset(PageChecks.HeadDim(headDim)) + Slots * sizeof(float);

    /// <inheritdoc/>
    public override void WidenKeys(NativeSpan<byte> page, int headDim, NativeSpan<float> to)
    {
        PageChecks.Widening(page, KeyBytes(headDim), headDim, to);
        var codes = (sbyte*)page.Pointer;
        var steps = KeySteps(page.Pointer, headDim);
        for (var channel = 0; channel < headDim; channel++)
        {
            var row = codes + (channel >> 2) * (Slots * 4) + (channel & 3);
            for (var slot = 0; slot < Slots; slot++)
            {
                to.Pointer[channel * Slots + slot] = row[slot * 4] * steps[slot];
            }
        }
    }

    /// <inheritdoc/>
    public override void WidenValues(NativeSpan<byte> page, int headDim, NativeSpan<float> to)
    {
        PageChecks.Widening(page, ValueBytes(headDim), headDim, to);
        var codes = (sbyte*)page.Pointer;
        var steps = ValueSteps(page.Pointer, headDim);
        for (var slot = 0; slot < Slots; slot++)
        {
            for (var channel = 0; channel < headDim; channel++)
            {
                var element = slot * headDim + channel;
                to.Pointer[element] = codes[element] * steps[slot];
            }
        }
    }

    /// <inheritdoc/>
    public override void WriteKeys(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    )
    {
        PageChecks.Slots(page, KeyBytes(headDim), firstSlot, count);
        PageChecks.Rows(rows, headDim, count, rowStride);
        for (var index = 0; index < count; index++)
        {
            EncodeKey(rows.Pointer + index * rowStride, page.Pointer, firstSlot + index, headDim);
        }
    }

    /// <inheritdoc/>
    public override void WriteValues(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    )
    {
        PageChecks.Slots(page, ValueBytes(headDim), firstSlot, count);
        PageChecks.Rows(rows, headDim, count, rowStride);
        for (var index = 0; index < count; index++)
        {
            var slot = firstSlot + index;
            var from = rows.Pointer + index * rowStride;
            var step = Int8Slot.Step(from, headDim);
            ValueSteps(page.Pointer, headDim)[slot] = step;
            Int8Slot.Encode(from, (sbyte*)page.Pointer + (long)slot * headDim, headDim, step);
        }
    }

    /// <inheritdoc/>
    public override void CopyKey(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    )
    {
        PageChecks.Slots(from, KeyBytes(headDim), fromSlot, 1);
        PageChecks.Slots(to, KeyBytes(headDim), toSlot, 1);
        // Four codes of a slot, and the step after the last of them, are one column of 32-bit numbers.
        PageColumns.Copy(
            (uint*)from.Pointer + fromSlot,
            (uint*)to.Pointer + toSlot,
            (headDim + 3) / 4 + 1
        );
    }

    /// <inheritdoc/>
    public override void CopyValue(
        NativeSpan<byte> from,
        int fromSlot,
        NativeSpan<byte> to,
        int toSlot,
        int headDim
    )
    {
        PageChecks.Slots(from, ValueBytes(headDim), fromSlot, 1);
        PageChecks.Slots(to, ValueBytes(headDim), toSlot, 1);
        Buffer.MemoryCopy(
            from.Pointer + (long)fromSlot * headDim,
            to.Pointer + (long)toSlot * headDim,
            headDim,
            headDim
        );
        ValueSteps(to.Pointer, headDim)[toSlot] = ValueSteps(from.Pointer, headDim)[fromSlot];
    }

    private static void EncodeKey(float* key, byte* page, int slot, int headDim)
    {
        var step = Int8Slot.Step(key, headDim);
        KeySteps(page, headDim)[slot] = step;
        var codes = stackalloc sbyte[Block];
        for (var channel = 0; channel < headDim; channel += Block)
        {
            var count = Math.Min(Block, headDim - channel);
            var words = (count + 3) / 4;
            ((uint*)codes)[words - 1] = 0;
            Int8Slot.Encode(key + channel, codes, count, step);
            PageColumns.Scatter((uint*)codes, (uint*)page + channel / 4 * Slots + slot, words);
        }
    }

    private static int KeyStepsOffset(int headDim) => (headDim + 3) / 4 * 4 * Slots;

    private static int ValueStepsOffset(int headDim) => Slots * headDim;
}

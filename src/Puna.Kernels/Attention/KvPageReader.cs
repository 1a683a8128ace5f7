using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>Reads keys and values back from the slots of a page, in the layout of <see cref="KvPageLayout"/>.</summary>
public static unsafe class KvPageReader
{
    private const int Slots = KvPageRef.Slots;

    /// <summary>Reads one key back.</summary>
    public static void ReadKey(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        Span<float> key
    )
    {
        KvPageLayout.CheckSlots(page.Length, KvPageLayout.KeyBytes(format, headDim), slot, 1);
        KvPageLayout.CheckRow(headDim, key.Length);
        var start = page.Pointer;
        var step = format == KvFormat.Int8 ? KvPageLayout.KeySteps(start, headDim)[slot] : 0;
        for (var channel = 0; channel < headDim; channel++)
        {
            var element = channel * Slots + slot;
            key[channel] = format switch
            {
                KvFormat.F32 => ((float*)start)[element],
                KvFormat.F16 => (float)((Half*)start)[element],
                KvFormat.BF16 => BitConverter.UInt32BitsToSingle(
                    (uint)((ushort*)start)[element] << 16
                ),
                _ => ((sbyte*)start)[KvPageLayout.KeyCode(channel, slot)] * step,
            };
        }
    }

    /// <summary>Reads one value back.</summary>
    public static void ReadValue(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        Span<float> value
    )
    {
        KvPageLayout.CheckSlots(page.Length, KvPageLayout.ValueBytes(format, headDim), slot, 1);
        KvPageLayout.CheckRow(headDim, value.Length);
        var start = page.Pointer;
        var step = format == KvFormat.Int8 ? KvPageLayout.ValueSteps(start, headDim)[slot] : 0;
        for (var channel = 0; channel < headDim; channel++)
        {
            var element = slot * headDim + channel;
            value[channel] = format switch
            {
                KvFormat.F32 => ((float*)start)[element],
                KvFormat.F16 => (float)((Half*)start)[element],
                KvFormat.BF16 => BitConverter.UInt32BitsToSingle(
                    (uint)((ushort*)start)[element] << 16
                ),
                _ => ((sbyte*)start)[element] * step,
            };
        }
    }
}

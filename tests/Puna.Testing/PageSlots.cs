using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Testing;

/// <summary>Single slots of KV pages, written and read back through the formats.</summary>
public static unsafe class PageSlots
{
    /// <summary>Stores one key of d numbers.</summary>
    public static void WriteKey(
        KvSlotFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        ReadOnlySpan<float> key
    )
    {
        fixed (float* row = key)
        {
            format.WriteKeys(page, headDim, slot, 1, new(row, key.Length), headDim);
        }
    }

    /// <summary>Stores one value of d numbers.</summary>
    public static void WriteValue(
        KvSlotFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        ReadOnlySpan<float> value
    )
    {
        fixed (float* row = value)
        {
            format.WriteValues(page, headDim, slot, 1, new(row, value.Length), headDim);
        }
    }

    /// <summary>Reads one key back.</summary>
    public static float[] ReadKey(
        KvPageFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot
    ) => Keys(format, headDim, page)[slot];

    /// <summary>Reads one value back.</summary>
    public static float[] ReadValue(
        KvPageFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot
    ) => Values(format, headDim, page)[slot];

    /// <summary>The 32 keys of a page.</summary>
    public static float[][] Keys(KvPageFormat format, int headDim, NativeSpan<byte> page)
    {
        using var wide = new NativeBuffer<float>(KvPageRef.Slots * headDim);
        format.WidenKeys(page, headDim, wide.Span);
        return Rows(headDim, (slot, channel) => wide.Span[channel * KvPageRef.Slots + slot]);
    }

    /// <summary>The 32 values of a page.</summary>
    public static float[][] Values(KvPageFormat format, int headDim, NativeSpan<byte> page)
    {
        using var wide = new NativeBuffer<float>(KvPageRef.Slots * headDim);
        format.WidenValues(page, headDim, wide.Span);
        return Rows(headDim, (slot, channel) => wide.Span[slot * headDim + channel]);
    }

    private static float[][] Rows(int headDim, Func<int, int, float> element) =>
        [
            .. Enumerable
                .Range(0, KvPageRef.Slots)
                .Select(slot =>
                    Enumerable.Range(0, headDim).Select(channel => element(slot, channel)).ToArray()
                ),
        ];
}

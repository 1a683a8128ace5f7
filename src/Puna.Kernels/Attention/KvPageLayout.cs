using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// Where a slot's elements lie inside a page. The layout is the kernel's own business (keys are stored
/// channel-major, so that one vector load brings the same channel of many slots); everyone else reads and writes
/// through the methods here.
/// </summary>
public static class KvPageLayout
{
    /// <summary>Bytes of the keys of a page.</summary>
    public static int KeyBytes(KvFormat format, int headDim) => Bytes(format, headDim);

    /// <summary>Bytes of the values of a page.</summary>
    public static int ValueBytes(KvFormat format, int headDim) => Bytes(format, headDim);

    private static int Bytes(KvFormat format, int headDim) =>
        format switch
        {
            KvFormat.F32 => KvPageRef.Slots * headDim * 4,
            KvFormat.F16 or KvFormat.BF16 => KvPageRef.Slots * headDim * 2,
            // One f32 scale a slot after the codes.
            KvFormat.Int8 => KvPageRef.Slots * (headDim + 4),
            _ => throw new ArgumentOutOfRangeException(
                nameof(format),
                format,
                "Unknown KV format."
            ),
        };

    /// <summary>Stores one key.</summary>
    public static void WriteKey(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        ReadOnlySpan<float> key
    ) => throw new NotSupportedException($"{format}{headDim}{page.Length}{slot}{key.Length}");

    /// <summary>Reads one key back.</summary>
    public static void ReadKey(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        Span<float> key
    ) => throw new NotSupportedException($"{format}{headDim}{page.Length}{slot}{key.Length}");

    /// <summary>Stores one value.</summary>
    public static void WriteValue(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        ReadOnlySpan<float> value
    ) => throw new NotSupportedException($"{format}{headDim}{page.Length}{slot}{value.Length}");

    /// <summary>Reads one value back.</summary>
    public static void ReadValue(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        Span<float> value
    ) => throw new NotSupportedException($"{format}{headDim}{page.Length}{slot}{value.Length}");

    /// <summary>Copies key and value of a slot bit for bit, within or between pages of the same formats.</summary>
    public static void CopySlot(
        KvFormat keyFormat,
        KvFormat valueFormat,
        int headDim,
        NativeSpan<byte> fromKeys,
        NativeSpan<byte> fromValues,
        int fromSlot,
        NativeSpan<byte> toKeys,
        NativeSpan<byte> toValues,
        int toSlot
    ) =>
        throw new NotSupportedException(
            $"{keyFormat}{valueFormat}{headDim}{fromKeys.Length}{fromValues.Length}{fromSlot}{toKeys.Length}{toValues.Length}{toSlot}"
        );
}

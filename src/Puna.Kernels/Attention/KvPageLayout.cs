using System.Runtime.CompilerServices;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// Where a slot's elements lie inside a page. The layout is the kernel's own business; everyone else reads and writes
/// through <see cref="KvPageWriter"/>, <see cref="KvPageReader"/> and the methods here. A slot is encoded by itself,
/// so what a page holds does not depend on how many slots were
/// written at a time.
/// <list type="bullet">
/// <item>Keys of F32, F16 and BF16 are channel-major, [d][32]: one vector load brings one channel of many slots.</item>
/// <item>Keys of Int8: codes [ceil(d / 4)][32][4], so that a 32-bit lane holds four channels of one slot (the order of
/// an int8 dot product; channels past d are 0), then the step of each slot, f32 [32].</item>
/// <item>Values are slot-major, [32][d]; Int8 has the steps, f32 [32], after the codes.</item>
/// </list>
/// </summary>
public static unsafe class KvPageLayout
{
    private const int Slots = KvPageRef.Slots;

    /// <summary>Bytes of the keys of a page.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The format is unknown or <paramref name="headDim"/> below 1.</exception>
    public static int KeyBytes(KvFormat format, int headDim) =>
        format == KvFormat.Int8
            ? KeyStepsOffset(headDim) + Slots * sizeof(float)
            : Slots * headDim * ElementBytes(format, headDim);

    /// <summary>Bytes of the values of a page.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The format is unknown or <paramref name="headDim"/> below 1.</exception>
    public static int ValueBytes(KvFormat format, int headDim) =>
        format == KvFormat.Int8
            ? ValueStepsOffset(headDim) + Slots * sizeof(float)
            : Slots * headDim * ElementBytes(format, headDim);

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
    )
    {
        var keyBytes = KeyBytes(keyFormat, headDim);
        var valueBytes = ValueBytes(valueFormat, headDim);
        CheckSlots(fromKeys.Length, keyBytes, fromSlot, 1);
        CheckSlots(toKeys.Length, keyBytes, toSlot, 1);
        CheckSlots(fromValues.Length, valueBytes, fromSlot, 1);
        CheckSlots(toValues.Length, valueBytes, toSlot, 1);
        switch (keyFormat)
        {
            case KvFormat.F32:
                CopyColumn(
                    (uint*)fromKeys.Pointer,
                    fromSlot,
                    (uint*)toKeys.Pointer,
                    toSlot,
                    headDim
                );
                break;
            case KvFormat.F16 or KvFormat.BF16:
                CopyColumn(
                    (ushort*)fromKeys.Pointer,
                    fromSlot,
                    (ushort*)toKeys.Pointer,
                    toSlot,
                    headDim
                );
                break;
            default:
                // Four codes of a slot, and the step after the last of them, are one column of 32-bit numbers.
                CopyColumn(
                    (uint*)fromKeys.Pointer,
                    fromSlot,
                    (uint*)toKeys.Pointer,
                    toSlot,
                    (headDim + 3) / 4 + 1
                );
                break;
        }

        var width =
            (long)headDim * (valueFormat == KvFormat.Int8 ? 1 : ElementBytes(valueFormat, headDim));
        Buffer.MemoryCopy(
            fromValues.Pointer + fromSlot * width,
            toValues.Pointer + toSlot * width,
            width,
            width
        );
        if (valueFormat == KvFormat.Int8)
        {
            ValueSteps(toValues.Pointer, headDim)[toSlot] = ValueSteps(fromValues.Pointer, headDim)[
                fromSlot
            ];
        }
    }

    /// <summary>Steps of the int8 keys of a page, [32].</summary>
    internal static float* KeySteps(byte* page, int headDim) =>
        (float*)(page + KeyStepsOffset(headDim));

    /// <summary>Steps of the int8 values of a page, [32].</summary>
    internal static float* ValueSteps(byte* page, int headDim) =>
        (float*)(page + ValueStepsOffset(headDim));

    private static int KeyStepsOffset(int headDim) => (CheckDim(headDim) + 3) / 4 * 4 * Slots;

    private static int ValueStepsOffset(int headDim) => Slots * CheckDim(headDim);

    internal static int KeyCode(int channel, int slot) =>
        (channel >> 2) * (Slots * 4) + slot * 4 + (channel & 3);

    private static void CopyColumn<T>(T* from, int fromSlot, T* to, int toSlot, int count)
        where T : unmanaged
    {
        for (var index = 0; index < count; index++)
        {
            to[index * Slots + toSlot] = from[index * Slots + fromSlot];
        }
    }

    private static int ElementBytes(KvFormat format, int headDim)
    {
        CheckDim(headDim);
        return format switch
        {
            KvFormat.F32 => 4,
            KvFormat.F16 or KvFormat.BF16 => 2,
            _ => throw new ArgumentOutOfRangeException(
                nameof(format),
                format,
                "Unknown KV format."
            ),
        };
    }

    private static int CheckDim(int headDim)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(headDim, 1);
        return headDim;
    }

    internal static void CheckRow(int headDim, int length)
    {
        if (length != headDim)
        {
            throw new ArgumentException($"A row of {headDim} numbers was expected, not {length}.");
        }
    }

    internal static void CheckRows(int headDim, int count, long length, long stride)
    {
        if (count > 0 && (stride < 0 || (count - 1) * stride + headDim > length))
        {
            throw new ArgumentException(
                $"{count} rows of {headDim} numbers, {stride} apart, do not fit in {length} numbers."
            );
        }
    }

    internal static void CheckSlots(long pageBytes, int needed, int firstSlot, int count)
    {
        if (firstSlot < 0 || count < 0 || firstSlot > Slots - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(firstSlot),
                $"Slots {firstSlot} to {firstSlot + count - 1} do not lie in a page of {Slots}."
            );
        }

        if (pageBytes < needed)
        {
            throw new ArgumentException($"A page needs {needed} bytes, not {pageBytes}.");
        }
    }
}

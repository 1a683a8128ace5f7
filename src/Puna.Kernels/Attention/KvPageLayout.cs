using System.Runtime.CompilerServices;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// Where a slot's elements lie inside a page. The layout is the kernel's own business; everyone else reads and writes
/// through the methods here. A slot is encoded by itself, so what a page holds does not depend on how many slots were
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

    // Channels encoded at a time on the stack, for keys, whose channels do not lie side by side in the page.
    private const int Block = 128;

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

    /// <summary>Stores one key of d numbers.</summary>
    public static void WriteKey(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        ReadOnlySpan<float> key
    )
    {
        CheckRow(headDim, key.Length);
        fixed (float* row = key)
        {
            WriteKeys(format, headDim, page, slot, 1, new NativeSpan<float>(row, headDim), headDim);
        }
    }

    /// <summary>Stores <paramref name="count"/> keys in neighbouring slots.</summary>
    /// <param name="format">Storage of the keys.</param>
    /// <param name="headDim">d.</param>
    /// <param name="page">The page's keys.</param>
    /// <param name="firstSlot">Slot of the first key.</param>
    /// <param name="count">Keys to store.</param>
    /// <param name="rows">The keys: d numbers each, <paramref name="rowStride"/> numbers apart.</param>
    /// <param name="rowStride">Distance from one key to the next, in numbers.</param>
    public static void WriteKeys(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    )
    {
        CheckSlots(page.Length, KeyBytes(format, headDim), firstSlot, count);
        CheckRows(headDim, count, rows.Length, rowStride);
        for (var index = 0; index < count; index++)
        {
            EncodeKey(
                format,
                headDim,
                page.Pointer,
                firstSlot + index,
                rows.Pointer + index * rowStride
            );
        }
    }

    /// <summary>Reads one key back.</summary>
    public static void ReadKey(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        Span<float> key
    )
    {
        CheckSlots(page.Length, KeyBytes(format, headDim), slot, 1);
        CheckRow(headDim, key.Length);
        var start = page.Pointer;
        var step = format == KvFormat.Int8 ? KeySteps(start, headDim)[slot] : 0;
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
                _ => ((sbyte*)start)[KeyCode(channel, slot)] * step,
            };
        }
    }

    /// <summary>Stores one value of d numbers.</summary>
    public static void WriteValue(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        ReadOnlySpan<float> value
    )
    {
        CheckRow(headDim, value.Length);
        fixed (float* row = value)
        {
            WriteValues(
                format,
                headDim,
                page,
                slot,
                1,
                new NativeSpan<float>(row, headDim),
                headDim
            );
        }
    }

    /// <summary>Stores <paramref name="count"/> values in neighbouring slots.</summary>
    /// <param name="format">Storage of the values.</param>
    /// <param name="headDim">d.</param>
    /// <param name="page">The page's values.</param>
    /// <param name="firstSlot">Slot of the first value.</param>
    /// <param name="count">Values to store.</param>
    /// <param name="rows">The values: d numbers each, <paramref name="rowStride"/> numbers apart.</param>
    /// <param name="rowStride">Distance from one value to the next, in numbers.</param>
    public static void WriteValues(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    )
    {
        CheckSlots(page.Length, ValueBytes(format, headDim), firstSlot, count);
        CheckRows(headDim, count, rows.Length, rowStride);
        for (var index = 0; index < count; index++)
        {
            var slot = firstSlot + index;
            var from = rows.Pointer + index * rowStride;
            var element = (long)slot * headDim;
            switch (format)
            {
                case KvFormat.F32:
                    Unsafe.CopyBlockUnaligned(
                        (float*)page.Pointer + element,
                        from,
                        (uint)headDim * sizeof(float)
                    );
                    break;
                case KvFormat.F16:
                    FloatConversion.F32ToF16(
                        new(from, headDim),
                        new((ushort*)page.Pointer + element, headDim)
                    );
                    break;
                case KvFormat.BF16:
                    FloatConversion.F32ToBF16(
                        new(from, headDim),
                        new((ushort*)page.Pointer + element, headDim)
                    );
                    break;
                default:
                    var step = Int8Slot.Step(from, headDim);
                    ValueSteps(page.Pointer, headDim)[slot] = step;
                    Int8Slot.Encode(from, (sbyte*)page.Pointer + element, headDim, step);
                    break;
            }
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
        CheckSlots(page.Length, ValueBytes(format, headDim), slot, 1);
        CheckRow(headDim, value.Length);
        var start = page.Pointer;
        var step = format == KvFormat.Int8 ? ValueSteps(start, headDim)[slot] : 0;
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

    private static int KeyCode(int channel, int slot) =>
        (channel >> 2) * (Slots * 4) + slot * 4 + (channel & 3);

    private static void EncodeKey(KvFormat format, int headDim, byte* page, int slot, float* key)
    {
        var step = 0f;
        if (format == KvFormat.F32)
        {
            ScatterColumn((uint*)key, (uint*)page, slot, headDim);
            return;
        }

        if (format == KvFormat.Int8)
        {
            step = Int8Slot.Step(key, headDim);
            KeySteps(page, headDim)[slot] = step;
        }

        var codes = stackalloc ushort[Block];
        for (var channel = 0; channel < headDim; channel += Block)
        {
            var count = Math.Min(Block, headDim - channel);
            switch (format)
            {
                case KvFormat.F16:
                    FloatConversion.F32ToF16(new(key + channel, count), new(codes, count));
                    ScatterColumn(codes, (ushort*)page + channel * Slots, slot, count);
                    break;
                case KvFormat.BF16:
                    FloatConversion.F32ToBF16(new(key + channel, count), new(codes, count));
                    ScatterColumn(codes, (ushort*)page + channel * Slots, slot, count);
                    break;
                default:
                    *(uint*)(codes + (count + 3) / 4 * 2 - 2) = 0;
                    Int8Slot.Encode(key + channel, (sbyte*)codes, count, step);
                    ScatterColumn(
                        (uint*)codes,
                        (uint*)(page + channel * Slots),
                        slot,
                        (count + 3) / 4
                    );
                    break;
            }
        }
    }

    private static void ScatterColumn<T>(T* from, T* to, int slot, int count)
        where T : unmanaged
    {
        to += slot;
        for (var index = 0; index < count; index++)
        {
            to[index * Slots] = from[index];
        }
    }

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

    private static void CheckRow(int headDim, int length)
    {
        if (length != headDim)
        {
            throw new ArgumentException($"A row of {headDim} numbers was expected, not {length}.");
        }
    }

    private static void CheckRows(int headDim, int count, long length, long stride)
    {
        if (count > 0 && (stride < 0 || (count - 1) * stride + headDim > length))
        {
            throw new ArgumentException(
                $"{count} rows of {headDim} numbers, {stride} apart, do not fit in {length} numbers."
            );
        }
    }

    private static void CheckSlots(long pageBytes, int needed, int firstSlot, int count)
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

using System.Runtime.CompilerServices;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>Stores keys and values in the slots of a page, in the layout of <see cref="KvPageLayout"/>.</summary>
public static unsafe class KvPageWriter
{
    private const int Slots = KvPageRef.Slots;

    // Channels encoded at a time on the stack, for keys, whose channels do not lie side by side in the page.
    private const int Block = 128;

    /// <summary>Stores one key of d numbers.</summary>
    public static void WriteKey(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        ReadOnlySpan<float> key
    )
    {
        KvPageLayout.CheckRow(headDim, key.Length);
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
        KvPageLayout.CheckSlots(
            page.Length,
            KvPageLayout.KeyBytes(format, headDim),
            firstSlot,
            count
        );
        KvPageLayout.CheckRows(headDim, count, rows.Length, rowStride);
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

    /// <summary>Stores one value of d numbers.</summary>
    public static void WriteValue(
        KvFormat format,
        int headDim,
        NativeSpan<byte> page,
        int slot,
        ReadOnlySpan<float> value
    )
    {
        KvPageLayout.CheckRow(headDim, value.Length);
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
        KvPageLayout.CheckSlots(
            page.Length,
            KvPageLayout.ValueBytes(format, headDim),
            firstSlot,
            count
        );
        KvPageLayout.CheckRows(headDim, count, rows.Length, rowStride);
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
                    KvPageLayout.ValueSteps(page.Pointer, headDim)[slot] = step;
                    Int8Slot.Encode(from, (sbyte*)page.Pointer + element, headDim, step);
                    break;
            }
        }
    }

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
            KvPageLayout.KeySteps(page, headDim)[slot] = step;
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
}

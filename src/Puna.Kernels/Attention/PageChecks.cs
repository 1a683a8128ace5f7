using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>Checks that what a built-in format is given lies inside its memory, before pointers are used.</summary>
internal static class PageChecks
{
    /// <summary>Requires a page of <paramref name="needed"/> bytes and slots that lie in it.</summary>
    /// <exception cref="ArgumentException">It is too small, or a slot lies outside.</exception>
    public static void Slots(NativeSpan<byte> page, int needed, int firstSlot, int count)
    {
        if (firstSlot < 0 || count < 0 || firstSlot > KvPageRef.Slots - count)
        {
            throw new ArgumentOutOfRangeException(
                nameof(firstSlot),
                $"Slots {firstSlot} to {firstSlot + count - 1} do not lie in a page of {KvPageRef.Slots}."
            );
        }

        if (page.Length < needed)
        {
            throw new ArgumentException($"A page needs {needed} bytes, not {page.Length}.");
        }
    }

    /// <summary>Requires that the rows lie in their memory.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    public static void Rows(NativeSpan<float> rows, int headDim, int count, long stride)
    {
        if (count > 0 && (stride < 0 || (count - 1) * stride + headDim > rows.Length))
        {
            throw new ArgumentException(
                $"{count} rows of {headDim} numbers, {stride} apart, do not fit in {rows.Length} numbers."
            );
        }
    }

    /// <summary>Requires a page of <paramref name="needed"/> bytes and room for its 32 d numbers.</summary>
    /// <exception cref="ArgumentException">One is too small.</exception>
    public static void Widening(
        NativeSpan<byte> page,
        int needed,
        int headDim,
        NativeSpan<float> to
    )
    {
        Slots(page, needed, 0, KvPageRef.Slots);
        if (to.Length < KvPageRef.Slots * (long)headDim)
        {
            throw new ArgumentException(
                $"A page of {KvPageRef.Slots} x {headDim} numbers does not fit in {to.Length}."
            );
        }
    }

    /// <summary>A head width d that is at least 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public static int HeadDim(int headDim)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(headDim, 1);
        return headDim;
    }
}

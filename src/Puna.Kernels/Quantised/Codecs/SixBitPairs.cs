namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// The 12 bytes of Q4_K and Q5_K that hold eight 6-bit scales and eight 6-bit minimums: pairs 0..3 in the low six bits
/// of bytes 0..3 and 4..7; pairs 4..7 with their low four bits in bytes 8..11 (scale below, minimum above) and their high
/// two bits on top of bytes 0..7.
/// </summary>
internal static class SixBitPairs
{
    /// <summary>Pairs in a block.</summary>
    public const int Count = 8;

    /// <summary>Largest scale or minimum.</summary>
    public const int Maximum = 63;

    /// <summary>Reads pair <paramref name="index"/>.</summary>
    public static (int Scale, int Minimum) Read(ReadOnlySpan<byte> bytes, int index)
    {
        if (index < 4)
        {
            return (bytes[index] & Maximum, bytes[index + 4] & Maximum);
        }

        var low = bytes[index + 4];
        return ((low & 15) | (bytes[index - 4] >> 6 << 4), (low >> 4) | (bytes[index] >> 6 << 4));
    }

    /// <summary>
    /// Finds the pairs and codes of a block of 256 (<see cref="AffineBlock"/>), clears the block and writes what Q4_K and Q5_K
    /// have in common at its beginning: d, dmin (f16) and the pairs.
    /// </summary>
    /// <param name="values">256 values.</param>
    /// <param name="largestCode">The largest code.</param>
    /// <param name="block">The block.</param>
    /// <param name="codes">The codes found, one a byte.</param>
    public static void EncodeBlock(
        ReadOnlySpan<float> values,
        int largestCode,
        Span<byte> block,
        Span<byte> codes
    )
    {
        Span<int> scales = stackalloc int[Count];
        Span<int> minimums = stackalloc int[Count];
        var (d, dmin) = AffineBlock.Encode(values, largestCode, Maximum, scales, minimums, codes);
        block.Clear();
        HalfScale.Write(block, 0, d);
        HalfScale.Write(block, 2, dmin);
        Write(scales, minimums, block.Slice(4, 12));
    }

    /// <summary>Writes all eight pairs.</summary>
    public static void Write(ReadOnlySpan<int> scales, ReadOnlySpan<int> minimums, Span<byte> bytes)
    {
        for (var i = 0; i < 4; i++)
        {
            bytes[i] = (byte)(scales[i] | (scales[i + 4] >> 4 << 6));
            bytes[i + 4] = (byte)(minimums[i] | (minimums[i + 4] >> 4 << 6));
            bytes[i + 8] = (byte)((scales[i + 4] & 15) | ((minimums[i + 4] & 15) << 4));
        }
    }
}

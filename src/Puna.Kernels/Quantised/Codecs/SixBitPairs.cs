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

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// MXFP4 (OCP Microscaling Formats 1.0): e (E8M0: a power of two with bias 127), 16 bytes of E2M1 codes laid out as in
/// Q4_0. Value = 2^(e - 127) * E2M1(q), computed as 2^(e - 128) times twice the E2M1 value, which is an integer.
/// </summary>
internal readonly struct MXFP4Codec : IBlockCodec
{
    private const int Half = 16;

    /// <summary>Beyond this exponent the largest value, 6 * 2^(e - 127), is no f32; 255 stands for NaN.</summary>
    private const int LargestExponent = 252;

    private static ReadOnlySpan<sbyte> Doubled =>
        [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <inheritdoc/>
    public static int BlockSize => 32;

    /// <inheritdoc/>
    public static int BlockBytes => 17;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        // Exponents 0 and 1 give the subnormals 2^-128 and 2^-127.
        var exponent = block[0];
        var bits = exponent < 2 ? 0x0020_0000u << exponent : (uint)(exponent - 1) << 23;
        var d = BitConverter.UInt32BitsToSingle(bits);
        var codes = block.Slice(1, Half);
        var table = Doubled;
        for (var i = 0; i < codes.Length; i++)
        {
            values[i] = d * table[codes[i] & 15];
            values[i + Half] = d * table[codes[i] >> 4];
        }
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) => block[0] <= LargestExponent;

    /// <summary>Takes the power of two nearest in ratio; <paramref name="scale"/> is positive.</summary>
    public static void SetScale(Span<byte> block, float scale) =>
        block[0] = (byte)Math.Clamp(127 + MathF.Round(MathF.Log2(scale)), 0, LargestExponent);
}

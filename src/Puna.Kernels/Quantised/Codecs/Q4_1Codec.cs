namespace Puna.Kernels.Quantised.Codecs;

/// <summary>Q4_1: d, m (f16), 16 bytes of codes q as in Q4_0. Value = d * q + m.</summary>
internal readonly struct Q4_1Codec : IBlockEncoder
{
    private const int Half = 16;

    /// <inheritdoc/>
    public static int BlockSize => 32;

    /// <inheritdoc/>
    public static int BlockBytes => 20;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, 0);
        var m = HalfScale.Read(block, 2);
        var codes = block.Slice(4, Half);
        for (var i = 0; i < codes.Length; i++)
        {
            values[i] = (d * (codes[i] & 15)) + m;
            values[i + Half] = (d * (codes[i] >> 4)) + m;
        }
    }

    /// <inheritdoc cref="AffineBlock"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[32];
        var (scale, minimum) = AffineBlock.Encode(values, 15, codes);
        HalfScale.Write(block, 0, scale);
        HalfScale.Write(block, 2, -minimum);
        Nibbles.Write(codes, block[4..]);
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) =>
        HalfScale.IsFinite(block, 0) & HalfScale.IsFinite(block, 2);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale)
    {
        HalfScale.Write(block, 0, scale);
        HalfScale.Write(block, 2, scale * -7.5f);
    }
}

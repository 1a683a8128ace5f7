namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Q4_0: d (f16), 16 bytes of codes q: low nibbles are elements 0..15, high nibbles 16..31. Value = d * (q - 8).
/// </summary>
internal readonly struct Q4_0Codec : IBlockEncoder
{
    private const int Half = 16;

    /// <inheritdoc/>
    public static int BlockSize => 32;

    /// <inheritdoc/>
    public static int BlockBytes => 18;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, 0);
        var codes = block.Slice(2, Half);
        for (var i = 0; i < codes.Length; i++)
        {
            values[i] = d * ((codes[i] & 15) - 8);
            values[i + Half] = d * ((codes[i] >> 4) - 8);
        }
    }

    /// <inheritdoc cref="SymmetricBlock"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[32];
        HalfScale.Write(block, 0, SymmetricBlock.Encode(values, new SignedLevels(4), codes));
        Nibbles.Write(codes, block[2..]);
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) => HalfScale.IsFinite(block, 0);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale) => HalfScale.Write(block, 0, scale);
}

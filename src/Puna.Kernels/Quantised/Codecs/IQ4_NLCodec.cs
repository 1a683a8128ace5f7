namespace Puna.Kernels.Quantised.Codecs;

/// <summary>IQ4_NL: d (f16), 16 bytes of codes q as in Q4_0. Value = d * <see cref="IQ4Table"/>[q].</summary>
internal readonly struct IQ4_NLCodec : IBlockEncoder
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
        var table = IQ4Table.Values;
        for (var i = 0; i < codes.Length; i++)
        {
            values[i] = d * table[codes[i] & 15];
            values[i + Half] = d * table[codes[i] >> 4];
        }
    }

    /// <inheritdoc cref="SymmetricBlock"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[32];
        HalfScale.Write(block, 0, SymmetricBlock.Encode(values, default(IQ4Levels), codes));
        Nibbles.Write(codes, block[2..]);
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) => HalfScale.IsFinite(block, 0);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale) => HalfScale.Write(block, 0, scale);
}

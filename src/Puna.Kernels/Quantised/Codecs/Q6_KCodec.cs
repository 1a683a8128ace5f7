namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Q6_K, 256 elements in 16 groups of 16: 128 bytes of low nibbles, 64 bytes of high bit pairs, 16 signed bytes of
/// sub-scales, d (f16) last. Value = d * scale * (q - 32). In each half of 128 elements, element 32j + i has its low nibble
/// in byte i + 32 * (j mod 2) of 64 (low nibble for j below 2) and its high pair at bits 2j of byte i of 32.
/// </summary>
internal readonly struct Q6_KCodec : IBlockEncoder
{
    private const int HighOffset = 128;
    private const int SubScaleOffset = 192;
    private const int ScaleOffset = 208;

    /// <inheritdoc/>
    public static int BlockSize => 256;

    /// <inheritdoc/>
    public static int BlockBytes => 210;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, ScaleOffset);
        for (var group = 0; group < 16; group++)
        {
            var scale = d * (sbyte)block[SubScaleOffset + group];
            var (lowStart, highStart, nibble, pair) = Place(group);
            var lows = block.Slice(lowStart, 16);
            var highs = block.Slice(highStart, 16);
            var target = values.Slice(group * 16, 16);
            for (var i = 0; i < target.Length; i++)
            {
                var code = ((lows[i] >> nibble) & 15) | (((highs[i] >> pair) & 3) << 4);
                target[i] = scale * (code - 32);
            }
        }
    }

    /// <inheritdoc cref="SymmetricBlock"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        block.Clear();
        Span<byte> codes = stackalloc byte[256];
        Span<int> subScales = stackalloc int[16];
        var d = SymmetricBlock.Encode(values, new SignedLevels(6), -128, subScales, codes);
        HalfScale.Write(block, ScaleOffset, d);
        for (var group = 0; group < 16; group++)
        {
            block[SubScaleOffset + group] = (byte)(sbyte)subScales[group];
            var (lowStart, highStart, nibble, pair) = Place(group);
            for (var i = 0; i < 16; i++)
            {
                var code = codes[(group * 16) + i];
                block[lowStart + i] |= (byte)((code & 15) << nibble);
                block[highStart + i] |= (byte)(code >> 4 << pair);
            }
        }
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) =>
        HalfScale.IsFinite(block, ScaleOffset);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale) =>
        HalfScale.Write(block, ScaleOffset, scale);

    /// <summary>Where a group's 16 codes are: first byte and shift of the low nibbles and of the high pairs.</summary>
    private static (int Low, int High, int Nibble, int Pair) Place(int group)
    {
        var half = group / 8;
        var quarter = group / 2 % 4;
        var side = group % 2 * 16;
        return (
            (half * 64) + (quarter % 2 * 32) + side,
            HighOffset + (half * 32) + side,
            quarter / 2 * 4,
            quarter * 2
        );
    }
}

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Q3_K, 256 elements: 32 bytes of third bits, 64 bytes of two low bits laid out as in Q2_K, 12 bytes with sixteen
/// 6-bit sub-scales, d (f16). Value = d * (scale - 32) * (q - 4), q = low bits + 4 * third bit. The third bit of element
/// 32j + i of half n is bit 4n + j of byte i.
/// </summary>
internal readonly struct Q3_KCodec : IBlockEncoder
{
    private const int CodeOffset = 32;
    private const int SubScaleOffset = 96;
    private const int ScaleOffset = 108;

    /// <inheritdoc/>
    public static int BlockSize => 256;

    /// <inheritdoc/>
    public static int BlockBytes => 110;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, ScaleOffset);
        var subScales = block.Slice(SubScaleOffset, 12);
        for (var group = 0; group < 16; group++)
        {
            // Low four bits: nibble group/8 of byte group%8; high two: pair group/4 of byte 8 + group%4.
            var low = (subScales[group % 8] >> (group / 8 * 4)) & 15;
            var high = (subScales[8 + (group % 4)] >> (group / 4 * 2)) & 3;
            var scale = d * ((low | (high << 4)) - 32);
            var shift = group / 2 % 4 * 2;
            var thirdBit = group / 2;
            var codes = block.Slice(CodeOffset + (group / 8 * 32) + (group % 2 * 16), 16);
            var thirds = block.Slice(group % 2 * 16, 16);
            var target = values.Slice(group * 16, 16);
            for (var i = 0; i < target.Length; i++)
            {
                var code = ((codes[i] >> shift) & 3) | (((thirds[i] >> thirdBit) & 1) << 2);
                target[i] = scale * (code - 4);
            }
        }
    }

    /// <inheritdoc cref="SymmetricBlock"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<int> subScales = stackalloc int[16];
        Span<byte> codes = stackalloc byte[256];
        block.Clear();
        var d = SymmetricBlock.Encode(values, new SignedLevels(3), -32, subScales, codes);
        HalfScale.Write(block, ScaleOffset, d);
        for (var group = 0; group < 16; group++)
        {
            var scale = subScales[group] + 32;
            block[SubScaleOffset + (group % 8)] |= (byte)((scale & 15) << (group / 8 * 4));
            block[SubScaleOffset + 8 + (group % 4)] |= (byte)(scale >> 4 << (group / 4 * 2));
        }

        for (var i = 0; i < codes.Length; i++)
        {
            var low = CodeOffset + (i / 128 * 32) + (i % 32);
            block[low] |= (byte)((codes[i] & 3) << (i / 32 % 4 * 2));
            block[i % 32] |= (byte)(codes[i] >> 2 << (i / 32));
        }
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) =>
        HalfScale.IsFinite(block, ScaleOffset);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale) =>
        HalfScale.Write(block, ScaleOffset, scale);
}

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Q2_K, 256 elements: 16 bytes of sub-scales (low nibble scale, high nibble minimum, one for each 16 elements), 64
/// bytes of codes, d, dmin (f16). Value = d * scale * q - dmin * minimum. Each half of 128 elements has 32 bytes: bits
/// 2j, 2j+1 of byte i are element 32j + i of the half.
/// </summary>
internal readonly struct Q2_KCodec : IBlockEncoder
{
    private const int CodeOffset = 16;
    private const int ScaleOffset = 80;

    /// <inheritdoc/>
    public static int BlockSize => 256;

    /// <inheritdoc/>
    public static int BlockBytes => 84;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, ScaleOffset);
        var dmin = HalfScale.Read(block, ScaleOffset + 2);
        for (var group = 0; group < 16; group++)
        {
            var scale = d * (block[group] & 15);
            var minimum = dmin * (block[group] >> 4);
            var shift = group / 2 % 4 * 2;
            var codes = block.Slice(CodeOffset + (group / 8 * 32) + (group % 2 * 16), 16);
            var target = values.Slice(group * 16, 16);
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = (scale * ((codes[i] >> shift) & 3)) - minimum;
            }
        }
    }

    /// <inheritdoc cref="AffineBlock"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<int> scales = stackalloc int[16];
        Span<int> minimums = stackalloc int[16];
        Span<byte> codes = stackalloc byte[256];
        var (d, dmin) = AffineBlock.Encode(values, 3, 15, scales, minimums, codes);
        block.Clear();
        HalfScale.Write(block, ScaleOffset, d);
        HalfScale.Write(block, ScaleOffset + 2, dmin);
        for (var group = 0; group < 16; group++)
        {
            block[group] = (byte)(scales[group] | (minimums[group] << 4));
        }

        for (var i = 0; i < codes.Length; i++)
        {
            block[CodeOffset + (i / 128 * 32) + (i % 32)] |= (byte)(codes[i] << (i / 32 % 4 * 2));
        }
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) =>
        HalfScale.IsFinite(block, ScaleOffset) & HalfScale.IsFinite(block, ScaleOffset + 2);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale)
    {
        HalfScale.Write(block, ScaleOffset, scale);
        HalfScale.Write(block, ScaleOffset + 2, scale * 1.5f);
    }
}

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Q5_K, 256 elements in 8 groups of 32: d, dmin (f16), 12 bytes of <see cref="SixBitPairs"/>, 32 bytes of fifth bits
/// (bit g of byte i belongs to element i of group g), 128 bytes of low nibbles as in Q4_K. Value =
/// d * scale * q - dmin * minimum.
/// </summary>
internal readonly struct Q5_KCodec : IBlockEncoder
{
    private const int Group = 32;
    private const int PairOffset = 4;
    private const int FifthOffset = 16;
    private const int CodeOffset = 48;

    /// <inheritdoc/>
    public static int BlockSize => 256;

    /// <inheritdoc/>
    public static int BlockBytes => 176;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, 0);
        var dmin = HalfScale.Read(block, 2);
        var pairs = block.Slice(PairOffset, 12);
        var fifths = block.Slice(FifthOffset, Group);
        for (var group = 0; group < SixBitPairs.Count; group++)
        {
            var (factor, offset) = SixBitPairs.Read(pairs, group);
            var scale = d * factor;
            var minimum = dmin * offset;
            var shift = group % 2 * 4;
            var codes = block.Slice(CodeOffset + (group / 2 * Group), Group);
            var target = values.Slice(group * Group, Group);
            for (var i = 0; i < target.Length; i++)
            {
                var code = ((codes[i] >> shift) & 15) | (((fifths[i] >> group) & 1) << 4);
                target[i] = (scale * code) - minimum;
            }
        }
    }

    /// <inheritdoc cref="AffineBlock"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[256];
        SixBitPairs.EncodeBlock(values, 31, block, codes);
        Nibbles.WriteGroups(codes, block[CodeOffset..]);
        for (var i = 0; i < codes.Length; i++)
        {
            block[FifthOffset + (i % Group)] |= (byte)(codes[i] >> 4 << (i / Group));
        }
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) =>
        HalfScale.IsFinite(block, 0) & HalfScale.IsFinite(block, 2);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale)
    {
        HalfScale.Write(block, 0, scale);
        HalfScale.Write(block, 2, scale * 15.5f);
    }
}

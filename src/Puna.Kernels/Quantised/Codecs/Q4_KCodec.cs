namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Q4_K, 256 elements in 8 groups of 32: d, dmin (f16), 12 bytes of <see cref="SixBitPairs"/>, 128 bytes of codes; each
/// 32 bytes hold group 2j in the low and group 2j + 1 in the high nibbles. Value = d * scale * q - dmin * minimum.
/// </summary>
internal readonly struct Q4_KCodec : IBlockEncoder
{
    private const int Group = 32;
    private const int PairOffset = 4;
    private const int CodeOffset = 16;

    /// <inheritdoc/>
    public static int BlockSize => 256;

    /// <inheritdoc/>
    public static int BlockBytes => 144;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, 0);
        var dmin = HalfScale.Read(block, 2);
        var pairs = block.Slice(PairOffset, 12);
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
                target[i] = (scale * ((codes[i] >> shift) & 15)) - minimum;
            }
        }
    }

    /// <inheritdoc cref="AffineBlock"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[256];
        SixBitPairs.EncodeBlock(values, 15, block, codes);
        Nibbles.WriteGroups(codes, block[CodeOffset..]);
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) =>
        HalfScale.IsFinite(block, 0) & HalfScale.IsFinite(block, 2);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale)
    {
        HalfScale.Write(block, 0, scale);
        HalfScale.Write(block, 2, scale * 7.5f);
    }
}

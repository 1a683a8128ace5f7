namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// TQ2_0, 256 ternary elements: 64 bytes of codes laid out as in Q2_K, d (f16). Value = d * (q - 1); the code 3 is not
/// written by encoders and reads as 2 * d.
/// </summary>
internal readonly struct TQ2_0Codec : IBlockCodec
{
    private const int ScaleOffset = 64;

    /// <inheritdoc/>
    public static int BlockSize => 256;

    /// <inheritdoc/>
    public static int BlockBytes => 66;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, ScaleOffset);
        for (var group = 0; group < 8; group++)
        {
            var shift = group % 4 * 2;
            var codes = block.Slice(group / 4 * 32, 32);
            var target = values.Slice(group * 32, 32);
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = d * (((codes[i] >> shift) & 3) - 1);
            }
        }
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) =>
        HalfScale.IsFinite(block, ScaleOffset);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale) =>
        HalfScale.Write(block, ScaleOffset, scale);

    /// <inheritdoc/>
    public static void RepairCodes(Span<byte> block)
    {
        foreach (ref var codes in block[..ScaleOffset])
        {
            // Where both bits of a pair are set, clear the upper one: 3 becomes 1.
            var threes = codes & (codes >> 1) & 0x55;
            codes = (byte)(codes & ~(threes << 1));
        }
    }
}

using System.Buffers.Binary;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// IQ4_XS, 256 elements in 8 groups of 32: d (f16), 16 high bits of the sub-scales (pair g belongs to group g), 4 bytes of
/// their low nibbles, 128 bytes of codes, 16 a group as in Q4_0. Value = d * (scale - 32) * <see cref="IQ4Table"/>[q].
/// </summary>
internal readonly struct IQ4_XSCodec : IBlockCodec
{
    private const int Half = 16;
    private const int CodeOffset = 8;

    /// <inheritdoc/>
    public static int BlockSize => 256;

    /// <inheritdoc/>
    public static int BlockBytes => 136;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, 0);
        var highs = BinaryPrimitives.ReadUInt16LittleEndian(block.Slice(2, 2));
        var lows = block.Slice(4, 4);
        var table = IQ4Table.Values;
        for (var group = 0; group < 8; group++)
        {
            var low = (lows[group / 2] >> (group % 2 * 4)) & 15;
            var high = (highs >> (2 * group)) & 3;
            var scale = d * ((low | (high << 4)) - 32);
            var codes = block.Slice(CodeOffset + (group * Half), Half);
            var target = values.Slice(group * 2 * Half, 2 * Half);
            for (var i = 0; i < codes.Length; i++)
            {
                target[i] = scale * table[codes[i] & 15];
                target[i + Half] = scale * table[codes[i] >> 4];
            }
        }
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) => HalfScale.IsFinite(block, 0);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale) => HalfScale.Write(block, 0, scale);
}

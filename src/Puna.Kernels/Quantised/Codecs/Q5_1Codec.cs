using System.Buffers.Binary;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>Q5_1: d, m (f16), 32 fifth bits, 16 bytes of low nibbles as in Q5_0. Value = d * q + m.</summary>
internal readonly struct Q5_1Codec : IBlockEncoder
{
    private const int Half = 16;

    /// <inheritdoc/>
    public static int BlockSize => 32;

    /// <inheritdoc/>
    public static int BlockBytes => 24;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, 0);
        var m = HalfScale.Read(block, 2);
        var fifth = BinaryPrimitives.ReadUInt32LittleEndian(block.Slice(4, 4));
        var codes = block.Slice(8, Half);
        for (var i = 0; i < codes.Length; i++)
        {
            var low = (codes[i] & 15) | (int)(((fifth >> i) & 1) << 4);
            var high = (codes[i] >> 4) | (int)(((fifth >> (i + Half)) & 1) << 4);
            values[i] = (d * low) + m;
            values[i + Half] = (d * high) + m;
        }
    }

    /// <inheritdoc cref="AffineBlock"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[32];
        var (scale, minimum) = AffineBlock.Encode(values, 31, codes);
        HalfScale.Write(block, 0, scale);
        HalfScale.Write(block, 2, -minimum);
        Nibbles.WriteFifthBits(codes, block[4..]);
        Nibbles.Write(codes, block[8..]);
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) =>
        HalfScale.IsFinite(block, 0) & HalfScale.IsFinite(block, 2);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale)
    {
        HalfScale.Write(block, 0, scale);
        HalfScale.Write(block, 2, scale * -15.5f);
    }
}

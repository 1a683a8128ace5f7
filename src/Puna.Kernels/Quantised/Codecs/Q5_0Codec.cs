using System.Buffers.Binary;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Q5_0: d (f16), 32 fifth bits (bit i belongs to element i), 16 bytes of low nibbles as in Q4_0. Value = d * (q - 16).
/// </summary>
internal readonly struct Q5_0Codec : IBlockEncoder
{
    private const int Half = 16;

    /// <inheritdoc/>
    public static int BlockSize => 32;

    /// <inheritdoc/>
    public static int BlockBytes => 22;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, 0);
        var fifth = BinaryPrimitives.ReadUInt32LittleEndian(block.Slice(2, 4));
        var codes = block.Slice(6, Half);
        for (var i = 0; i < codes.Length; i++)
        {
            var low = (codes[i] & 15) | (int)(((fifth >> i) & 1) << 4);
            var high = (codes[i] >> 4) | (int)(((fifth >> (i + Half)) & 1) << 4);
            values[i] = d * (low - 16);
            values[i + Half] = d * (high - 16);
        }
    }

    /// <inheritdoc cref="SymmetricBlock"/>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> codes = stackalloc byte[32];
        HalfScale.Write(block, 0, SymmetricBlock.Encode(values, new SignedLevels(5), codes));
        Nibbles.WriteFifthBits(codes, block[2..]);
        Nibbles.Write(codes, block[6..]);
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) => HalfScale.IsFinite(block, 0);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale) => HalfScale.Write(block, 0, scale);
}

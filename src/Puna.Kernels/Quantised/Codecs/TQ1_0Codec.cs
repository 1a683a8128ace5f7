namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// TQ1_0, 256 ternary elements: 48 bytes of five digits, 4 bytes of four digits, d (f16). A byte b is a fraction b / 256
/// in base 3: digit n is the integer part of 3 * (b * 3^n mod 256) / 256. Value = d * (digit - 1). Digit n of the first
/// 32 bytes makes elements 32n.., of the next 16 bytes 160 + 16n.., of the last 4 bytes 240 + 4n...
/// </summary>
internal readonly struct TQ1_0Codec : IBlockCodec
{
    private const int ScaleOffset = 52;

    /// <inheritdoc/>
    public static int BlockSize => 256;

    /// <inheritdoc/>
    public static int BlockBytes => 54;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, ScaleOffset);
        DecodeDigits(block[..32], 5, d, values[..160]);
        DecodeDigits(block.Slice(32, 16), 5, d, values.Slice(160, 80));
        DecodeDigits(block.Slice(48, 4), 4, d, values.Slice(240, 16));
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) =>
        HalfScale.IsFinite(block, ScaleOffset);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale) =>
        HalfScale.Write(block, ScaleOffset, scale);

    private static void DecodeDigits(
        ReadOnlySpan<byte> bytes,
        int digits,
        float d,
        Span<float> values
    )
    {
        var power = 1;
        for (var digit = 0; digit < digits; digit++)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                var fraction = (byte)(bytes[i] * power);
                values[(digit * bytes.Length) + i] = d * (((fraction * 3) >> 8) - 1);
            }

            power *= 3;
        }
    }
}

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Q4_0: d (f16), 16 bytes of codes q: low nibbles are elements 0..15, high nibbles 16..31. Value = d * (q - 8).
/// </summary>
internal readonly struct Q4_0Codec : IBlockEncoder
{
    private const int Half = 16;

    /// <inheritdoc/>
    public static int BlockSize => 32;

    /// <inheritdoc/>
    public static int BlockBytes => 18;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, 0);
        var codes = block.Slice(2, Half);
        for (var i = 0; i < codes.Length; i++)
        {
            values[i] = d * ((codes[i] & 15) - 8);
            values[i + Half] = d * ((codes[i] >> 4) - 8);
        }
    }

    /// <summary>d = the value of largest magnitude / -8, so that this value itself gets the code 0, which has no positive twin.</summary>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        var extreme = 0f;
        foreach (var value in values)
        {
            if (MathF.Abs(value) > MathF.Abs(extreme))
            {
                extreme = value;
            }
        }

        var exact = extreme / -8;
        var stored = HalfScale.Write(block, 0, exact);
        var inverse = HalfScale.InverseForCodes(exact, stored);
        for (var i = 0; i < Half; i++)
        {
            var low = Code(values[i] * inverse);
            var high = Code(values[i + Half] * inverse);
            block[2 + i] = (byte)(low | (high << 4));
        }
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) => HalfScale.IsFinite(block, 0);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale) => HalfScale.Write(block, 0, scale);

    private static int Code(float scaled) => (int)Math.Clamp(scaled + 8.5f, 0, 15);
}

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>Q8_0: d (f16), 32 signed bytes q. Value = d * q.</summary>
internal readonly struct Q8_0Codec : IBlockEncoder
{
    /// <inheritdoc/>
    public static int BlockSize => 32;

    /// <inheritdoc/>
    public static int BlockBytes => 34;

    /// <inheritdoc/>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = HalfScale.Read(block, 0);
        var codes = block.Slice(2, 32);
        for (var i = 0; i < codes.Length; i++)
        {
            values[i] = d * (sbyte)codes[i];
        }
    }

    /// <summary>d = largest magnitude / 127, q = x / d to the nearest, halves away from zero.</summary>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = MathF.Max(largest, float.IsNaN(value) ? 0 : MathF.Abs(value));
        }

        var exact = largest / 127;
        var stored = HalfScale.Write(block, 0, exact);
        var inverse = HalfScale.InverseForCodes(exact, stored);
        for (var i = 0; i < values.Length; i++)
        {
            var rounded = MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
            block[2 + i] = (byte)(sbyte)Math.Clamp(rounded, -127, 127);
        }
    }

    /// <inheritdoc/>
    public static bool HasFiniteScales(ReadOnlySpan<byte> block) => HalfScale.IsFinite(block, 0);

    /// <inheritdoc/>
    public static void SetScale(Span<byte> block, float scale) => HalfScale.Write(block, 0, scale);
}

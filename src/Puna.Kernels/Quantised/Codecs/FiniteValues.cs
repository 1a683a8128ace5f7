namespace Puna.Kernels.Quantised.Codecs;

/// <summary>Makes values safe for searches whose sums must not overflow.</summary>
internal static class FiniteValues
{
    /// <summary>Copies values limited to [-limit, limit], NaN as 0, and returns the largest magnitude.</summary>
    public static float Limit(ReadOnlySpan<float> values, float limit, Span<float> limited)
    {
        var largest = 0f;
        for (var i = 0; i < values.Length; i++)
        {
            var value = float.IsNaN(values[i]) ? 0 : Math.Clamp(values[i], -limit, limit);
            limited[i] = value;
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        return largest;
    }
}

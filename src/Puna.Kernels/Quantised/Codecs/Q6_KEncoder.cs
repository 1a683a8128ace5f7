namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// The search behind Q6_K: each group of 16 finds its own scale (<see cref="SymmetricGroup"/>); the scales are written
/// as signed 8-bit multiples of one f16 number d; then the multiples (among their neighbours, by true error) and d (by
/// least squares over the block) are improved in turn, and the best state seen is kept.
/// </summary>
internal static class Q6_KEncoder
{
    private const int Groups = 16;
    private const int Rounds = 3;

    /// <summary>Largest magnitude that d * 127 * 31 can reach; larger values saturate.</summary>
    private const float Limit = HalfScale.Maximum * 127 * 31;

    /// <summary>Below this a whole block is zero: half the smallest f16 is 3e-8.</summary>
    private const float Negligible = 1e-20f;

    /// <summary>Finds d, the sub-scales and the 256 codes, each code + 32 as it is stored.</summary>
    public static float Encode(ReadOnlySpan<float> values, Span<sbyte> subScales, Span<byte> codes)
    {
        Span<float> limited = stackalloc float[256];
        if (FiniteValues.Limit(values, Limit, limited) < Negligible)
        {
            subScales.Clear();
            codes.Fill(SymmetricGroup.Bias);
            return 0;
        }

        Span<float> scales = stackalloc float[Groups];
        var extreme = 0f;
        for (var j = 0; j < Groups; j++)
        {
            scales[j] = Group(limited, j).Search();
            extreme = MathF.Abs(scales[j]) > MathF.Abs(extreme) ? scales[j] : extreme;
        }

        Span<sbyte> current = stackalloc sbyte[Groups];
        var d = HalfScale.RoundUnit(extreme / -128);
        for (var j = 0; j < Groups; j++)
        {
            current[j] =
                d == 0 ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(scales[j] / d), -128, 127);
        }

        var best = d;
        var leastError = float.PositiveInfinity;
        for (var round = 0; round < Rounds; round++)
        {
            var next = Improve(d, current, limited, out var error);
            if (error < leastError)
            {
                leastError = error;
                best = d;
                current.CopyTo(subScales);
            }

            d = next;
        }

        for (var j = 0; j < Groups; j++)
        {
            Group(limited, j).WriteCodes(best * subScales[j], codes.Slice(j * 16, 16));
        }

        return best;
    }

    private static float Improve(
        float d,
        Span<sbyte> subScales,
        ReadOnlySpan<float> values,
        out float error
    )
    {
        var (squares, products) = (0.0, 0.0);
        error = 0;
        for (var j = 0; j < Groups; j++)
        {
            var group = Group(values, j);
            int centre = subScales[j];
            var least = float.PositiveInfinity;
            var (codeSquares, codeProducts) = (0f, 0f);
            for (
                var scale = Math.Max(-128, centre - 1);
                scale <= Math.Min(127, centre + 1);
                scale++
            )
            {
                var e = group.Measure(d * scale, out var s, out var p);
                if (e < least)
                {
                    (least, codeSquares, codeProducts) = (e, s, p);
                    subScales[j] = (sbyte)scale;
                }
            }

            error += least;
            squares += (double)subScales[j] * subScales[j] * codeSquares;
            products += (double)subScales[j] * codeProducts;
        }

        // Minimise the sum of (x - d s q)^2 over d.
        return squares > 0 ? HalfScale.RoundUnit((float)(products / squares)) : d;
    }

    private static SymmetricGroup Group(ReadOnlySpan<float> values, int index) =>
        new(values.Slice(index * SymmetricGroup.Size, SymmetricGroup.Size));
}

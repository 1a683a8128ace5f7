namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// The search behind Q4_K: each group of 32 finds its own scale and minimum (<see cref="AffineGroup"/>); these are
/// written as 6-bit multiples of two f16 numbers d, dmin; then the multiples (among their neighbours, by true error) and
/// (d, dmin) (by weighted least squares over the block) are improved in turn, and the best state seen is kept.
/// </summary>
internal static class Q4_KEncoder
{
    private const int Groups = SixBitPairs.Count;
    private const int Rounds = 3;

    /// <summary>Largest magnitude that d * 63 * 15 can reach; larger values saturate.</summary>
    private const float Limit = HalfScale.Maximum * SixBitPairs.Maximum * 15;

    /// <summary>Below this a whole block is zero: half the smallest f16 is 3e-8.</summary>
    private const float Negligible = 1e-20f;

    /// <summary>Encodes a block of 256.</summary>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<float> limited = stackalloc float[256];
        Span<float> weights = stackalloc float[256];
        block.Clear();
        if (FiniteValues.Limit(values, Limit, limited) < Negligible)
        {
            return;
        }

        Span<float> scales = stackalloc float[Groups];
        Span<float> minimums = stackalloc float[Groups];
        var (largestScale, largestMinimum) = (0f, 0f);
        for (var j = 0; j < Groups; j++)
        {
            (scales[j], minimums[j]) = Group(limited, weights, j).Search();
            largestScale = MathF.Max(largestScale, scales[j]);
            largestMinimum = MathF.Max(largestMinimum, minimums[j]);
        }

        var state = new State(stackalloc int[Groups], stackalloc int[Groups]);
        var best = new State(stackalloc int[Groups], stackalloc int[Groups]);
        state.D = HalfScale.RoundUnit(largestScale / SixBitPairs.Maximum);
        state.DMin = HalfScale.RoundUnit(largestMinimum / SixBitPairs.Maximum);
        for (var j = 0; j < Groups; j++)
        {
            state.Scales[j] = Multiple(scales[j], state.D);
            state.Minimums[j] = Multiple(minimums[j], state.DMin);
        }

        var leastError = float.PositiveInfinity;
        for (var round = 0; round < Rounds; round++)
        {
            var next = Improve(ref state, limited, weights, out var error);
            if (error < leastError)
            {
                leastError = error;
                best.CopyFrom(state);
            }

            (state.D, state.DMin) = next;
        }

        Write(best, limited, weights, block);
    }

    /// <summary>Moves each group's multiples to the best neighbours; returns the (d, dmin) of least squares for the codes found.</summary>
    private static (float D, float DMin) Improve(
        ref State state,
        ReadOnlySpan<float> values,
        Span<float> weights,
        out float error
    )
    {
        var (a, b, c, x, y) = (0.0, 0.0, 0.0, 0.0, 0.0);
        error = 0;
        for (var j = 0; j < Groups; j++)
        {
            var group = Group(values, weights, j);
            var (centreScale, centreMinimum) = (state.Scales[j], state.Minimums[j]);
            var least = float.PositiveInfinity;
            AffineSums sums = default;
            for (var scale = centreScale - 1; scale <= centreScale + 1; scale++)
            {
                for (var minimum = centreMinimum - 1; minimum <= centreMinimum + 1; minimum++)
                {
                    if ((uint)scale > SixBitPairs.Maximum || (uint)minimum > SixBitPairs.Maximum)
                    {
                        continue;
                    }

                    var e = group.Measure(state.D * scale, state.DMin * minimum, out var candidate);
                    if (e < least)
                    {
                        least = e;
                        sums = candidate;
                        (state.Scales[j], state.Minimums[j]) = (scale, minimum);
                    }
                }
            }

            error += least;
            double s = state.Scales[j];
            double m = state.Minimums[j];
            a += s * s * sums.CodeSquares;
            b += s * m * sums.Codes;
            c += m * m * group.WeightSum;
            x += s * sums.Products;
            y += m * group.ValueSum;
        }

        // Minimise the sum of w * (x - d s q + dmin m)^2: d a - dmin b = x and d b - dmin c = y.
        var determinant = (a * c) - (b * b);
        var d = determinant > 0 ? ((x * c) - (y * b)) / determinant : 0;
        var dmin = determinant > 0 ? ((x * b) - (y * a)) / determinant : -1;
        if (d <= 0 || dmin < 0)
        {
            dmin = state.DMin;
            d = a > 0 ? Math.Max(0, (x + (dmin * b)) / a) : state.D;
        }

        return (HalfScale.RoundUnit((float)d), HalfScale.RoundUnit((float)dmin));
    }

    private static void Write(
        State state,
        ReadOnlySpan<float> values,
        Span<float> weights,
        Span<byte> block
    )
    {
        HalfScale.Write(block, 0, state.D);
        HalfScale.Write(block, 2, state.DMin);
        SixBitPairs.Write(state.Scales, state.Minimums, block.Slice(4, 12));
        for (var j = 0; j < Groups; j++)
        {
            Group(values, weights, j)
                .WriteCodes(
                    state.D * state.Scales[j],
                    state.DMin * state.Minimums[j],
                    j % 2 * 4,
                    block.Slice(16 + (j / 2 * AffineGroup.Size), AffineGroup.Size)
                );
        }
    }

    private static AffineGroup Group(ReadOnlySpan<float> values, Span<float> weights, int index) =>
        new(
            values.Slice(index * AffineGroup.Size, AffineGroup.Size),
            weights.Slice(index * AffineGroup.Size, AffineGroup.Size)
        );

    private static int Multiple(float value, float unit) =>
        unit > 0 ? (int)Math.Clamp(MathF.Round(value / unit), 0, SixBitPairs.Maximum) : 0;

    private ref struct State(Span<int> scales, Span<int> minimums)
    {
        public readonly Span<int> Scales = scales;
        public readonly Span<int> Minimums = minimums;
        public float D;
        public float DMin;

        public void CopyFrom(State other)
        {
            other.Scales.CopyTo(Scales);
            other.Minimums.CopyTo(Minimums);
            D = other.D;
            DMin = other.DMin;
        }
    }
}

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// The search behind formats of a scale and a minimum (Q4_1, Q5_1) and of eight or sixteen such pairs (Q2_K, Q4_K, Q5_K).
/// Each group finds its own (<see cref="AffineGroup"/>); pairs are multiples of two f16 numbers d, dmin; then the
/// multiples (among their neighbours, by true error) and (d, dmin) (by weighted least squares over the block) are improved
/// in turn, and the best state seen is kept.
/// </summary>
internal static class AffineBlock
{
    private const int Rounds = 3;

    /// <summary>Below this a whole block is zero: no f16 number but 0 is nearer.</summary>
    private const float Negligible = HalfScale.Smallest / 2;

    /// <summary>Encodes a block of one scale and minimum and finds the codes, one a byte.</summary>
    /// <returns>Scale and minimum (value = scale * q - minimum), as f16 holds them.</returns>
    public static (float Scale, float Minimum) Encode(
        ReadOnlySpan<float> values,
        int largestCode,
        Span<byte> codes
    )
    {
        Span<float> limited = stackalloc float[values.Length];
        Span<float> weights = stackalloc float[values.Length];
        codes.Clear();
        if (FiniteValues.Limit(values, HalfScale.Maximum * largestCode, limited) < Negligible)
        {
            return (0, 0);
        }

        Importance.Write(limited, weights);
        var group = new AffineGroup(limited, weights, largestCode, anySign: true);

        // The rule's own pair first: what is found is never worse.
        var best = Stored(group.ByRule());
        var leastError = group.Measure(best.Scale, best.Minimum, out _);
        var pair = Stored(group.Search());
        for (var round = 0; round < Rounds; round++)
        {
            var error = group.Measure(pair.Scale, pair.Minimum, out var sums);
            if (error < leastError)
            {
                leastError = error;
                best = pair;
            }

            var solved = group.Solve(sums);
            pair = solved.Scale > 0 ? Stored(solved) : pair;
        }

        group.WriteCodes(best.Scale, best.Minimum, codes);
        return best;
    }

    /// <summary>
    /// Encodes a block of 256 with as many pairs as <paramref name="scales"/> has room for, each 0 to
    /// <paramref name="largestMultiple"/>, and finds the codes, one a byte.
    /// </summary>
    /// <returns>d and dmin, as f16 holds them.</returns>
    public static (float D, float DMin) Encode(
        ReadOnlySpan<float> values,
        int largestCode,
        int largestMultiple,
        Span<int> scales,
        Span<int> minimums,
        Span<byte> codes
    )
    {
        Span<float> limited = stackalloc float[256];
        Span<float> weights = stackalloc float[256];
        scales.Clear();
        minimums.Clear();
        codes.Clear();
        var limit = HalfScale.Maximum * largestMultiple * largestCode;
        if (FiniteValues.Limit(values, limit, limited) < Negligible)
        {
            return (0, 0);
        }

        var count = scales.Length;
        var block = new Groups(limited, weights, largestCode, largestMultiple, count);
        Span<float> found = stackalloc float[count];
        Span<float> foundMinimums = stackalloc float[count];
        var (largestScale, largestMinimum) = (0f, 0f);
        for (var j = 0; j < count; j++)
        {
            Importance.Write(block.Part(limited, j), block.Part(weights, j));
            (found[j], foundMinimums[j]) = block[j].Search();
            largestScale = MathF.Max(largestScale, found[j]);
            largestMinimum = MathF.Max(largestMinimum, foundMinimums[j]);
        }

        var state = new State(stackalloc int[count], stackalloc int[count]);
        var best = new State(scales, minimums);
        state.D = HalfScale.RoundUnit(largestScale / largestMultiple);
        state.DMin = HalfScale.RoundUnit(largestMinimum / largestMultiple);
        for (var j = 0; j < count; j++)
        {
            state.Scales[j] = Multiple(found[j], state.D, largestMultiple);
            state.Minimums[j] = Multiple(foundMinimums[j], state.DMin, largestMultiple);
        }

        var leastError = float.PositiveInfinity;
        for (var round = 0; round < Rounds; round++)
        {
            var next = block.Improve(ref state, out var error);
            if (error < leastError)
            {
                leastError = error;
                best.CopyFrom(state);
            }

            (state.D, state.DMin) = next;
        }

        for (var j = 0; j < count; j++)
        {
            block[j].WriteCodes(best.D * scales[j], best.DMin * minimums[j], block.Part(codes, j));
        }

        return (best.D, best.DMin);
    }

    private static (float Scale, float Minimum) Stored((float Scale, float Minimum) pair) =>
        (HalfScale.RoundUnit(pair.Scale), HalfScale.Round(pair.Minimum));

    private static int Multiple(float value, float unit, int largest) =>
        unit > 0 ? (int)Math.Clamp(MathF.Round(value / unit), 0, largest) : 0;

    private readonly ref struct Groups(
        ReadOnlySpan<float> values,
        ReadOnlySpan<float> weights,
        int largestCode,
        int largestMultiple,
        int count
    )
    {
        private readonly ReadOnlySpan<float> _values = values;
        private readonly ReadOnlySpan<float> _weights = weights;

        public AffineGroup this[int index] =>
            new(Part(_values, index), Part(_weights, index), largestCode, anySign: false);

        public ReadOnlySpan<float> Part(ReadOnlySpan<float> all, int index) =>
            all.Slice(index * (256 / count), 256 / count);

        public Span<T> Part<T>(Span<T> all, int index) =>
            all.Slice(index * (256 / count), 256 / count);

        /// <summary>Moves each group's multiples to the best neighbours; returns the (d, dmin) of least squares for the codes found.</summary>
        public (float D, float DMin) Improve(ref State state, out float error)
        {
            var (a, b, c, x, y) = (0.0, 0.0, 0.0, 0.0, 0.0);
            error = 0;
            for (var j = 0; j < count; j++)
            {
                var group = this[j];
                var (centreScale, centreMinimum) = (state.Scales[j], state.Minimums[j]);
                var least = float.PositiveInfinity;
                AffineSums sums = default;
                for (var scale = centreScale - 1; scale <= centreScale + 1; scale++)
                {
                    for (var minimum = centreMinimum - 1; minimum <= centreMinimum + 1; minimum++)
                    {
                        if ((uint)scale > largestMultiple || (uint)minimum > largestMultiple)
                        {
                            continue;
                        }

                        var e = group.Measure(
                            state.D * scale,
                            state.DMin * minimum,
                            out var candidate
                        );
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
    }

    private ref struct State(Span<int> scales, Span<int> minimums)
    {
        public readonly Span<int> Scales = scales;
        public readonly Span<int> Minimums = minimums;
        public float D;
        public float DMin;

        public void CopyFrom(scoped State other)
        {
            other.Scales.CopyTo(Scales);
            other.Minimums.CopyTo(Minimums);
            D = other.D;
            DMin = other.DMin;
        }
    }
}

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// The search behind formats of one scale (Q4_0, Q5_0, IQ4_NL) and of sub-scales (Q3_K, Q6_K). Each group finds its own
/// scale (<see cref="SymmetricGroup{TLevels}"/>); sub-scales are multiples of one f16 number d; then the multiples (among
/// their neighbours, by true error) and d (by weighted least squares) are improved in turn, and the best state seen is
/// kept.
/// </summary>
internal static class SymmetricBlock
{
    private const int Rounds = 3;

    /// <summary>Below this a whole block is zero: no f16 number but 0 is nearer.</summary>
    private const float Negligible = HalfScale.Smallest / 2;

    /// <summary>Encodes a block with one scale: finds d and the codes, counted from 0.</summary>
    /// <returns>d, as f16 holds it.</returns>
    public static float Encode<TLevels>(
        ReadOnlySpan<float> values,
        TLevels levels,
        Span<byte> codes
    )
        where TLevels : struct, ICodeLevels
    {
        Span<float> limited = stackalloc float[values.Length];
        Span<float> weights = stackalloc float[values.Length];
        var limit = HalfScale.Maximum * -levels.Lowest;
        var isZero = FiniteValues.Limit(values, limit, limited) < Negligible;
        Importance.Write(limited, weights);
        var group = new SymmetricGroup<TLevels>(limited, weights, levels);
        var best = 0f;
        if (!isZero)
        {
            // The rule's own scale first: what is found is never worse.
            best = HalfScale.RoundUnit(group.ByRule());
            var leastError = group.Measure(best, out _, out _);
            var scale = HalfScale.RoundUnit(group.Search());
            for (var round = 0; round < Rounds; round++)
            {
                var error = group.Measure(scale, out var squares, out var products);
                if (error < leastError)
                {
                    leastError = error;
                    best = scale;
                }

                scale = squares > 0 ? HalfScale.RoundUnit(products / squares) : scale;
            }
        }

        group.WriteCodes(best, codes);
        return best;
    }

    /// <summary>
    /// Encodes a block with sub-scales, one for each 256 / count elements: finds d, the sub-scales, from
    /// <paramref name="lowest"/> to -<paramref name="lowest"/> - 1, and the codes, counted from 0.
    /// </summary>
    /// <returns>d, as f16 holds it.</returns>
    public static float Encode(
        ReadOnlySpan<float> values,
        SignedLevels levels,
        int lowest,
        Span<int> subScales,
        Span<byte> codes
    )
    {
        Span<float> limited = stackalloc float[256];
        Span<float> weights = stackalloc float[256];
        Span<float> scales = stackalloc float[subScales.Length];
        subScales.Clear();
        var limit = HalfScale.Maximum * (lowest + 1) * (levels.Lowest + 1);
        var isZero = FiniteValues.Limit(values, limit, limited) < Negligible;
        var block = new Groups(limited, weights, levels, lowest, subScales.Length);
        var extreme = 0f;
        for (var j = 0; j < scales.Length; j++)
        {
            Importance.Write(block.Part(limited, j), block.Part(weights, j));
            scales[j] = block[j].Search();
            extreme = MathF.Abs(scales[j]) > MathF.Abs(extreme) ? scales[j] : extreme;
        }

        var best = 0f;
        if (!isZero)
        {
            Span<int> current = stackalloc int[scales.Length];
            var leastError = float.PositiveInfinity;
            foreach (
                var largest in (ReadOnlySpan<float>)[lowest, lowest - 1, lowest + 1, -lowest - 1]
            )
            {
                var d = HalfScale.RoundUnit(extreme / largest);
                for (var j = 0; j < scales.Length; j++)
                {
                    current[j] = (int)Math.Clamp(MathF.Round(scales[j] / d), lowest, -lowest - 1);
                }

                for (var round = 0; round < Rounds; round++)
                {
                    var next = block.Improve(d, current, out var error);
                    if (error < leastError)
                    {
                        leastError = error;
                        best = d;
                        current.CopyTo(subScales);
                    }

                    d = next;
                }
            }
        }

        for (var j = 0; j < scales.Length; j++)
        {
            block[j].WriteCodes(best * subScales[j], block.Part(codes, j));
        }

        return best;
    }

    private readonly ref struct Groups(
        ReadOnlySpan<float> values,
        ReadOnlySpan<float> weights,
        SignedLevels levels,
        int lowest,
        int count
    )
    {
        private readonly ReadOnlySpan<float> _values = values;
        private readonly ReadOnlySpan<float> _weights = weights;

        public SymmetricGroup<SignedLevels> this[int index] =>
            new(Part(_values, index), Part(_weights, index), levels);

        public ReadOnlySpan<float> Part(ReadOnlySpan<float> all, int index) =>
            all.Slice(index * (256 / count), 256 / count);

        public Span<T> Part<T>(Span<T> all, int index) =>
            all.Slice(index * (256 / count), 256 / count);

        /// <summary>Moves each sub-scale to its best neighbour; returns the d of least squares for the codes found.</summary>
        public float Improve(float d, Span<int> subScales, out float error)
        {
            var (squares, products) = (0.0, 0.0);
            error = 0;
            for (var j = 0; j < subScales.Length; j++)
            {
                var group = this[j];
                var first = Math.Max(lowest, subScales[j] - 1);
                var last = Math.Min(-lowest - 1, subScales[j] + 1);
                var least = float.PositiveInfinity;
                var (codeSquares, codeProducts) = (0f, 0f);
                for (var scale = first; scale <= last; scale++)
                {
                    var e = group.Measure(d * scale, out var s, out var p);
                    if (e < least)
                    {
                        (least, codeSquares, codeProducts) = (e, s, p);
                        subScales[j] = scale;
                    }
                }

                error += least;
                squares += (double)subScales[j] * subScales[j] * codeSquares;
                products += (double)subScales[j] * codeProducts;
            }

            // Minimise the sum of w * (x - d s q)^2 over d.
            return squares > 0 ? HalfScale.RoundUnit((float)(products / squares)) : d;
        }
    }
}

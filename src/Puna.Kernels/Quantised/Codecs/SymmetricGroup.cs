using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Elements x, a whole number of vectors, that are to be written as scale * q, q one of <typeparamref name="TLevels"/>,
/// and the weighted squared error e = sum of w * (x - scale * q)^2. Only plain multiplications and additions over 8
/// lanes: every processor finds the same codes.
/// </summary>
internal readonly ref struct SymmetricGroup<TLevels>(
    ReadOnlySpan<float> values,
    ReadOnlySpan<float> weights,
    TLevels levels
)
    where TLevels : struct, ICodeLevels
{
    /// <summary>Grids between half and 9/8 of the levels' range.</summary>
    private const int Steps = 20;

    private readonly ReadOnlySpan<Vector256<float>> _values = MemoryMarshal.Cast<
        float,
        Vector256<float>
    >(values);

    private readonly ReadOnlySpan<Vector256<float>> _weights = MemoryMarshal.Cast<
        float,
        Vector256<float>
    >(weights);

    /// <summary>The scale by rule: the value of largest magnitude gets the lowest level, which has no positive twin; hence a scale may be negative.</summary>
    public float ByRule()
    {
        var extreme = 0f;
        foreach (var value in MemoryMarshal.Cast<Vector256<float>, float>(_values))
        {
            extreme = MathF.Abs(value) > MathF.Abs(extreme) ? value : extreme;
        }

        return extreme / levels.Lowest;
    }

    /// <summary>
    /// The scale of least error that a search finds: for grids finer and coarser than the rule's, of both signs, codes by
    /// the nearest level, then the scale by weighted least squares, whose error is sum(w x^2) - sum(w q x)^2 / sum(w q^2).
    /// </summary>
    public float Search()
    {
        var rule = ByRule();
        if (rule == 0)
        {
            return 0;
        }

        var best = rule;
        var largestGain = double.NegativeInfinity;
        for (var step = -2; step <= Steps - 2; step++)
        {
            var scale = rule / (1 - (step * (1f / 32)));
            for (var sign = 0; sign < 2; sign++, scale = -scale)
            {
                Measure(scale, out var squares, out var products);
                var gain = squares > 0 ? (double)products * products / squares : 0;
                if (gain > largestGain)
                {
                    largestGain = gain;
                    best = squares > 0 ? products / squares : 0;
                }
            }
        }

        return best;
    }

    /// <summary>The error with the best codes for a scale, and the sums of w q^2 and of w q x over these codes.</summary>
    public float Measure(float scale, out float squares, out float products)
    {
        var inverse = Inverse(scale);
        var scales = Vector256.Create(scale);
        var (squareSum, productSum, errorSum) = (
            Vector256<float>.Zero,
            Vector256<float>.Zero,
            Vector256<float>.Zero
        );
        for (var i = 0; i < _values.Length; i++)
        {
            var x = _values[i];
            var codes = levels.Nearest(x * inverse);
            var weighted = _weights[i] * codes;
            squareSum += weighted * codes;
            productSum += weighted * x;
            var residual = x - (scales * codes);
            errorSum += _weights[i] * residual * residual;
        }

        squares = Vector256.Sum(squareSum);
        products = Vector256.Sum(productSum);
        return Vector256.Sum(errorSum);
    }

    /// <summary>Writes the best codes for a scale, counted from 0, one a byte.</summary>
    public void WriteCodes(float scale, Span<byte> codes)
    {
        var inverse = Inverse(scale);
        for (var i = 0; i < _values.Length; i++)
        {
            var nearest = levels.Nearest(_values[i] * inverse);
            for (var lane = 0; lane < Vector256<float>.Count; lane++)
            {
                codes[(i * Vector256<float>.Count) + lane] = levels.Code(nearest[lane]);
            }
        }
    }

    private static Vector256<float> Inverse(float scale) =>
        Vector256.Create(scale != 0 ? 1 / scale : 0);
}

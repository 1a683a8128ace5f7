using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// 32 elements x that are to be written as scale * q - minimum, q an integer in 0..15, minimum not negative, and the
/// weighted squared error e = sum of w * (x - scale * q + minimum)^2. Only plain multiplications and additions over 8
/// lanes: every processor finds the same codes.
/// </summary>
internal readonly ref struct AffineGroup
{
    /// <summary>Elements in a group.</summary>
    public const int Size = 32;

    private const float LargestCode = 15;
    private const int Steps = 8;

    private readonly ReadOnlySpan<Vector256<float>> _values;
    private readonly ReadOnlySpan<Vector256<float>> _weights;
    private readonly float _lowest;
    private readonly float _highest;

    /// <summary>Takes 32 finite values and writes their weights: root mean square plus magnitude, so that large weights, which carry the output, count more.</summary>
    public AffineGroup(ReadOnlySpan<float> values, Span<float> weights)
    {
        var squares = 0f;
        foreach (var value in values)
        {
            squares += value * value;
            _lowest = MathF.Min(_lowest, value);
        }

        var typical = MathF.Sqrt(squares / Size);
        _highest = values[0];
        for (var i = 0; i < Size; i++)
        {
            weights[i] = typical + MathF.Abs(values[i]);
            _highest = MathF.Max(_highest, values[i]);
            WeightSum += weights[i];
            ValueSum += weights[i] * values[i];
        }

        _values = MemoryMarshal.Cast<float, Vector256<float>>(values);
        _weights = MemoryMarshal.Cast<float, Vector256<float>>(weights);
    }

    /// <summary>Sum of w.</summary>
    public float WeightSum { get; }

    /// <summary>Sum of w * x.</summary>
    public float ValueSum { get; }

    /// <summary>
    /// The scale and minimum of least error that a search finds: for grids a little finer and coarser than the range of
    /// the values, codes by rounding, then scale and minimum by weighted least squares, twice in turn.
    /// </summary>
    public (float Scale, float Minimum) Search()
    {
        if (_highest <= _lowest)
        {
            return (0, -_lowest);
        }

        var best = (Scale: 0f, Minimum: -_lowest);
        var leastError = float.PositiveInfinity;
        for (var step = -Steps; step <= Steps; step++)
        {
            var scale = (_highest - _lowest) / (LargestCode + (step * (1f / Steps)));
            var minimum = -_lowest;
            for (var turn = 0; turn < 2; turn++)
            {
                Measure(scale, minimum, out var fit);
                (scale, minimum) = Solve(fit);
                if (scale <= 0)
                {
                    break;
                }

                var error = Measure(scale, minimum, out _);
                if (error < leastError)
                {
                    leastError = error;
                    best = (scale, minimum);
                }
            }
        }

        return best;
    }

    /// <summary>The error with the best codes for a scale and minimum, and the sums over these codes.</summary>
    public float Measure(float scale, float minimum, out AffineSums sums)
    {
        var inverse = Vector256.Create(scale > 0 ? 1 / scale : 0);
        var scales = Vector256.Create(scale);
        var minimums = Vector256.Create(minimum);
        var (codeSum, squareSum, productSum, errorSum) = (
            Vector256<float>.Zero,
            Vector256<float>.Zero,
            Vector256<float>.Zero,
            Vector256<float>.Zero
        );
        for (var i = 0; i < _values.Length; i++)
        {
            var shifted = _values[i] + minimums;
            var codes = Codes(shifted, inverse);
            var weighted = _weights[i] * codes;
            codeSum += weighted;
            squareSum += weighted * codes;
            productSum += weighted * _values[i];
            var residual = shifted - (scales * codes);
            errorSum += _weights[i] * residual * residual;
        }

        sums = new AffineSums(
            Vector256.Sum(codeSum),
            Vector256.Sum(squareSum),
            Vector256.Sum(productSum)
        );
        return Vector256.Sum(errorSum);
    }

    /// <summary>Writes the best codes for a scale and minimum into one nibble of 32 bytes.</summary>
    public void WriteCodes(float scale, float minimum, int shift, Span<byte> bytes)
    {
        var inverse = Vector256.Create(scale > 0 ? 1 / scale : 0);
        for (var i = 0; i < _values.Length; i++)
        {
            var codes = Codes(_values[i] + Vector256.Create(minimum), inverse);
            for (var lane = 0; lane < Vector256<float>.Count; lane++)
            {
                bytes[(i * Vector256<float>.Count) + lane] |= (byte)((int)codes[lane] << shift);
            }
        }
    }

    private static Vector256<float> Codes(Vector256<float> shifted, Vector256<float> inverse) =>
        Vector256.Clamp(
            Vector256.Round(shifted * inverse),
            Vector256<float>.Zero,
            Vector256.Create(LargestCode)
        );

    /// <summary>The normal equations of e in (scale, minimum) for fixed codes, with minimum held at 0 when it would be negative.</summary>
    private (float Scale, float Minimum) Solve(in AffineSums sums)
    {
        var determinant =
            ((double)WeightSum * sums.CodeSquares) - ((double)sums.Codes * sums.Codes);
        if (determinant > 0)
        {
            var minimum =
                (((double)sums.Codes * sums.Products) - ((double)sums.CodeSquares * ValueSum))
                / determinant;
            if (minimum >= 0)
            {
                var scale =
                    (((double)WeightSum * sums.Products) - ((double)sums.Codes * ValueSum))
                    / determinant;
                return ((float)scale, (float)minimum);
            }
        }

        return sums.CodeSquares > 0 ? (sums.Products / sums.CodeSquares, 0) : (0, 0);
    }
}

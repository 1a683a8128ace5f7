using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Elements x, a whole number of vectors, that are to be written as scale * q - minimum, q an integer from 0 to a
/// largest one, and the weighted squared error e = sum of w * (x - scale * q + minimum)^2. Only plain
/// multiplications and additions over 8 lanes: every processor finds the same codes.
/// </summary>
internal readonly ref struct AffineGroup
{
    private const int Steps = 8;

    private readonly ReadOnlySpan<Vector256<float>> _values;
    private readonly ReadOnlySpan<Vector256<float>> _weights;
    private readonly float _largestCode;
    private readonly bool _anySign;
    private readonly float _lowest;
    private readonly float _highest;

    /// <summary>Takes finite values and their weights.</summary>
    /// <param name="values">x.</param>
    /// <param name="weights">w.</param>
    /// <param name="largestCode">The largest code.</param>
    /// <param name="anySign">False where the format cannot hold a negative minimum.</param>
    public AffineGroup(
        ReadOnlySpan<float> values,
        ReadOnlySpan<float> weights,
        int largestCode,
        bool anySign
    )
    {
        _values = MemoryMarshal.Cast<float, Vector256<float>>(values);
        _weights = MemoryMarshal.Cast<float, Vector256<float>>(weights);
        _largestCode = largestCode;
        _anySign = anySign;
        var (lowest, highest) = (_values[0], _values[0]);
        var (weightSum, valueSum) = (Vector256<float>.Zero, Vector256<float>.Zero);
        for (var i = 0; i < _values.Length; i++)
        {
            lowest = Vector256.Min(lowest, _values[i]);
            highest = Vector256.Max(highest, _values[i]);
            weightSum += _weights[i];
            valueSum += _weights[i] * _values[i];
        }

        (_lowest, _highest) = (lowest[0], highest[0]);
        for (var lane = 1; lane < Vector256<float>.Count; lane++)
        {
            _lowest = MathF.Min(_lowest, lowest[lane]);
            _highest = MathF.Max(_highest, highest[lane]);
        }

        _lowest = anySign ? _lowest : MathF.Min(_lowest, 0);
        WeightSum = Vector256.Sum(weightSum);
        ValueSum = Vector256.Sum(valueSum);
    }

    /// <summary>Sum of w.</summary>
    public float WeightSum { get; }

    /// <summary>Sum of w * x.</summary>
    public float ValueSum { get; }

    /// <summary>The scale and minimum by rule: the codes span the range of the values.</summary>
    public (float Scale, float Minimum) ByRule() => ((_highest - _lowest) / _largestCode, -_lowest);

    /// <summary>
    /// The scale and minimum of least error that a search finds: for grids a little finer and coarser than the range of
    /// the values, and those of fewer codes, codes by rounding, then scale and minimum by weighted least squares, twice
    /// in turn.
    /// </summary>
    public (float Scale, float Minimum) Search()
    {
        if (_highest <= _lowest)
        {
            return (0, -_lowest);
        }

        var best = (Scale: 0f, Minimum: -_lowest);
        var largestGain = double.NegativeInfinity;
        for (var step = -Steps; step <= Steps; step++)
        {
            Try(_largestCode + (step * (1f / Steps)), ref best, ref largestGain);
        }

        for (var code = (int)_largestCode - 2; code > _largestCode / 2; code--)
        {
            Try(code, ref best, ref largestGain);
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

    /// <summary>Writes the best codes for a scale and minimum, one a byte.</summary>
    public void WriteCodes(float scale, float minimum, Span<byte> bytes)
    {
        var inverse = Vector256.Create(scale > 0 ? 1 / scale : 0);
        for (var i = 0; i < _values.Length; i++)
        {
            var codes = Codes(_values[i] + Vector256.Create(minimum), inverse);
            for (var lane = 0; lane < Vector256<float>.Count; lane++)
            {
                bytes[(i * Vector256<float>.Count) + lane] = (byte)(int)codes[lane];
            }
        }
    }

    /// <summary>The normal equations of e in (scale, minimum) for fixed codes, with minimum held at 0 when it would be negative and must not be.</summary>
    public (float Scale, float Minimum) Solve(in AffineSums sums)
    {
        var determinant =
            ((double)WeightSum * sums.CodeSquares) - ((double)sums.Codes * sums.Codes);
        if (determinant > 0)
        {
            var minimum =
                (((double)sums.Codes * sums.Products) - ((double)sums.CodeSquares * ValueSum))
                / determinant;
            if (_anySign || minimum >= 0)
            {
                var scale =
                    (((double)WeightSum * sums.Products) - ((double)sums.Codes * ValueSum))
                    / determinant;
                return ((float)scale, (float)minimum);
            }
        }

        return sums.CodeSquares > 0 ? (sums.Products / sums.CodeSquares, 0) : (0, 0);
    }

    private Vector256<float> Codes(Vector256<float> shifted, Vector256<float> inverse) =>
        Vector256.Clamp(
            Vector256.Round(shifted * inverse),
            Vector256<float>.Zero,
            Vector256.Create(_largestCode)
        );

    private void Try(float codes, ref (float Scale, float Minimum) best, ref double largestGain)
    {
        var scale = (_highest - _lowest) / codes;
        var minimum = -_lowest;
        for (var turn = 0; turn < 2; turn++)
        {
            Measure(scale, minimum, out var sums);
            (scale, minimum) = Solve(sums);
            if (scale <= 0)
            {
                return;
            }

            // At the solution e = sum(w x^2) - (scale * sum(w q x) - minimum * sum(w x)).
            var gain = ((double)scale * sums.Products) - ((double)minimum * ValueSum);
            if (gain > largestGain)
            {
                largestGain = gain;
                best = (scale, minimum);
            }
        }
    }
}

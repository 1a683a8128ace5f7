using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// 16 elements x that are to be written as scale * q, q an integer in -32..31, and the squared error e = sum of
/// (x - scale * q)^2. Only plain multiplications and additions over 8 lanes: every processor finds the same codes.
/// </summary>
internal readonly ref struct SymmetricGroup(ReadOnlySpan<float> values)
{
    /// <summary>Elements in a group.</summary>
    public const int Size = 16;

    /// <summary>Added to a code when it is stored.</summary>
    public const byte Bias = 32;

    private const int Steps = 10;

    private readonly ReadOnlySpan<Vector256<float>> _values = MemoryMarshal.Cast<
        float,
        Vector256<float>
    >(values);

    /// <summary>
    /// The scale of least error that a search finds: for grids a little finer and coarser than the largest magnitude,
    /// codes by rounding, then the scale by least squares. The value of largest magnitude aims at -32, which has no
    /// positive twin; hence a scale may be negative.
    /// </summary>
    public float Search()
    {
        var extreme = 0f;
        foreach (var value in MemoryMarshal.Cast<Vector256<float>, float>(_values))
        {
            extreme = MathF.Abs(value) > MathF.Abs(extreme) ? value : extreme;
        }

        if (extreme == 0)
        {
            return 0;
        }

        var best = 0f;
        var leastError = float.PositiveInfinity;
        for (var step = -Steps; step <= Steps; step++)
        {
            Measure(extreme / -(Bias + (step * 0.1f)), out var squares, out var products);
            var scale = squares > 0 ? products / squares : 0;
            var error = Measure(scale, out _, out _);
            if (error < leastError)
            {
                leastError = error;
                best = scale;
            }
        }

        return best;
    }

    /// <summary>The error with the best codes for a scale, and the sums of q^2 and of q * x over these codes.</summary>
    public float Measure(float scale, out float squares, out float products)
    {
        var inverse = Inverse(scale);
        var scales = Vector256.Create(scale);
        var (squareSum, productSum, errorSum) = (
            Vector256<float>.Zero,
            Vector256<float>.Zero,
            Vector256<float>.Zero
        );
        foreach (ref readonly var x in _values)
        {
            var codes = Codes(x, inverse);
            squareSum += codes * codes;
            productSum += codes * x;
            var residual = x - (scales * codes);
            errorSum += residual * residual;
        }

        squares = Vector256.Sum(squareSum);
        products = Vector256.Sum(productSum);
        return Vector256.Sum(errorSum);
    }

    /// <summary>Writes the best codes for a scale, plus <see cref="Bias"/>, one a byte.</summary>
    public void WriteCodes(float scale, Span<byte> bytes)
    {
        var inverse = Inverse(scale);
        for (var i = 0; i < _values.Length; i++)
        {
            var codes = Codes(_values[i], inverse);
            for (var lane = 0; lane < Vector256<float>.Count; lane++)
            {
                bytes[(i * Vector256<float>.Count) + lane] = (byte)((int)codes[lane] + Bias);
            }
        }
    }

    private static Vector256<float> Inverse(float scale) =>
        Vector256.Create(scale != 0 ? 1 / scale : 0);

    private static Vector256<float> Codes(Vector256<float> values, Vector256<float> inverse) =>
        Vector256.Clamp(
            Vector256.Round(values * inverse),
            Vector256.Create(-32f),
            Vector256.Create(31f)
        );
}

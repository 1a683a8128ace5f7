using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>How much the error of each element of a group counts.</summary>
internal static class Importance
{
    /// <summary>Writes root mean square of the group plus magnitude, so that large weights, which carry the output, count more.</summary>
    public static void Write(ReadOnlySpan<float> values, Span<float> weights)
    {
        var vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
        var targets = MemoryMarshal.Cast<float, Vector256<float>>(weights);
        var squares = Vector256<float>.Zero;
        foreach (ref readonly var x in vectors)
        {
            squares += x * x;
        }

        var typical = Vector256.Create(MathF.Sqrt(Vector256.Sum(squares) / values.Length));
        for (var i = 0; i < targets.Length; i++)
        {
            targets[i] = typical + Vector256.Abs(vectors[i]);
        }
    }
}

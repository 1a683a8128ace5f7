using System.Numerics;

namespace Puna.Testing.Oracles;

/// <summary>Rotary embedding by its definition: a pair is a complex number, multiplied by e^(i angle).</summary>
public static class NaiveRotary
{
    /// <summary>Rotates one head whose pairs are (first(i), second(i)), the angle of f32 precision as the table's is.</summary>
    public static double[] Rotate(
        ReadOnlySpan<float> head,
        ReadOnlySpan<float> frequencies,
        int position,
        double multiplier,
        Func<int, (int First, int Second)> pair
    )
    {
        var result = new double[head.Length];
        for (var index = 0; index < head.Length; index++)
        {
            result[index] = head[index];
        }

        for (var index = 0; index < frequencies.Length; index++)
        {
            var (first, second) = pair(index);
            var angle = position * frequencies[index];
            var turned =
                new Complex(head[first], head[second])
                * Complex.FromPolarCoordinates(multiplier, angle);
            result[first] = turned.Real;
            result[second] = turned.Imaginary;
        }

        return result;
    }
}

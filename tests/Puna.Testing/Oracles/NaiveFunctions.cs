namespace Puna.Testing.Oracles;

/// <summary>The definitions of the element-wise functions and reductions, in f64.</summary>
public static class NaiveFunctions
{
    /// <summary>x / (1 + e^-x).</summary>
    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    /// <summary>log of the sum of e^x.</summary>
    public static double LogSumExp(ReadOnlySpan<float> x)
    {
        var maximum = double.NegativeInfinity;
        foreach (var value in x)
        {
            maximum = Math.Max(maximum, value);
        }

        if (double.IsInfinity(maximum) || double.IsNaN(maximum))
        {
            return maximum;
        }

        var sum = 0.0;
        foreach (var value in x)
        {
            sum += Math.Exp(value - maximum);
        }

        return maximum + Math.Log(sum);
    }

    /// <summary>e^(x - LogSumExp).</summary>
    public static double[] Softmax(ReadOnlySpan<float> x)
    {
        var total = LogSumExp(x);
        var result = new double[x.Length];
        for (var index = 0; index < x.Length; index++)
        {
            result[index] = Math.Exp(x[index] - total);
        }

        return result;
    }

    /// <summary>Lowest index of the greatest number, -1 when there is none.</summary>
    public static int ArgMax(ReadOnlySpan<float> x)
    {
        var best = -1;
        for (var index = 0; index < x.Length; index++)
        {
            if (!float.IsNaN(x[index]) && (best < 0 || x[index] > x[best]))
            {
                best = index;
            }
        }

        return best;
    }

    /// <summary>x / sqrt(mean(x^2) + epsilon) * weight of one row.</summary>
    public static double[] RmsNorm(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon)
    {
        var sum = 0.0;
        foreach (var value in x)
        {
            sum += (double)value * value;
        }

        var factor = 1 / Math.Sqrt(sum / x.Length + epsilon);
        var result = new double[x.Length];
        for (var index = 0; index < x.Length; index++)
        {
            result[index] = x[index] * factor * weight[index];
        }

        return result;
    }
}

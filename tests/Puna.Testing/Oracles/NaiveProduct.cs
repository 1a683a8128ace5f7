namespace Puna.Testing.Oracles;

/// <summary>The definition of the products with a weight matrix, summed in f64.</summary>
public static class NaiveProduct
{
    /// <summary>y[t, m] = sum over k of x[t, k] * w[m, k], and the sum of the absolute products.</summary>
    public static (double[] Values, double[] Magnitudes) Forward(
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> w,
        int tokens,
        int rows,
        int columns
    )
    {
        var values = new double[tokens * rows];
        var magnitudes = new double[tokens * rows];
        for (var t = 0; t < tokens; t++)
        {
            for (var m = 0; m < rows; m++)
            {
                for (var k = 0; k < columns; k++)
                {
                    var product = (double)x[t * columns + k] * w[m * columns + k];
                    values[t * rows + m] += product;
                    magnitudes[t * rows + m] += Math.Abs(product);
                }
            }
        }

        return (values, magnitudes);
    }

    /// <summary>dx[t, k] + sum over m of dy[t, m] * w[m, k], and the sum of the absolute terms.</summary>
    public static (double[] Values, double[] Magnitudes) Transposed(
        ReadOnlySpan<float> dy,
        ReadOnlySpan<float> w,
        ReadOnlySpan<float> dx,
        int tokens,
        int rows,
        int columns
    )
    {
        var values = new double[tokens * columns];
        var magnitudes = new double[tokens * columns];
        for (var t = 0; t < tokens; t++)
        {
            for (var k = 0; k < columns; k++)
            {
                values[t * columns + k] = dx[t * columns + k];
                magnitudes[t * columns + k] = Math.Abs(dx[t * columns + k]);
                for (var m = 0; m < rows; m++)
                {
                    var product = (double)dy[t * rows + m] * w[m * columns + k];
                    values[t * columns + k] += product;
                    magnitudes[t * columns + k] += Math.Abs(product);
                }
            }
        }

        return (values, magnitudes);
    }
}

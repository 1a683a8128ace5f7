namespace Puna.Testing.Oracles;

/// <summary>
/// The definition of the product of decoded weights with activations rounded to int8 in blocks of 32, summed in f64.
/// </summary>
public static class NaiveInt8Product
{
    private const int Block = 32;

    /// <summary>Rounds a row: for each block, scale = largest magnitude / 127 and code = x / scale to the nearest even.</summary>
    public static (int[] Codes, float[] Scales) Quantise(ReadOnlySpan<float> row)
    {
        var blocks = (row.Length + Block - 1) / Block;
        var codes = new int[blocks * Block];
        var scales = new float[blocks];
        for (var block = 0; block < blocks; block++)
        {
            var part = row[(block * Block)..Math.Min(row.Length, (block + 1) * Block)];
            var largest = 0f;
            foreach (var value in part)
            {
                largest = MathF.Max(largest, MathF.Abs(value));
            }

            scales[block] = largest / 127;
            for (var index = 0; index < part.Length && scales[block] > 0; index++)
            {
                var code = (int)MathF.Round(part[index] / scales[block]);
                codes[block * Block + index] = Math.Clamp(code, -127, 127);
            }
        }

        return (codes, scales);
    }

    /// <summary>
    /// y[t, m] = sum over k of code[t, k] * scale[t, k / 32] * w[m, k]. The magnitudes bound what a kernel sums: a code
    /// times the largest weight of its block, since kernels add codes and offsets of a block apart.
    /// </summary>
    public static (double[] Values, double[] Magnitudes) Multiply(
        ReadOnlySpan<float> x,
        ReadOnlySpan<float> w,
        int tokens,
        int rows,
        int columns
    )
    {
        var values = new double[tokens * rows];
        var magnitudes = new double[tokens * rows];
        var largest = LargestOfBlocks(w);
        for (var token = 0; token < tokens; token++)
        {
            var (codes, scales) = Quantise(x.Slice(token * columns, columns));
            for (var row = 0; row < rows; row++)
            {
                for (var k = 0; k < columns; k++)
                {
                    var activation = (double)scales[k / Block] * codes[k];
                    values[token * rows + row] += activation * w[row * columns + k];
                    magnitudes[token * rows + row] +=
                        Math.Abs(activation) * largest[(row * columns + k) / Block];
                }
            }
        }

        return (values, magnitudes);
    }

    private static float[] LargestOfBlocks(ReadOnlySpan<float> w)
    {
        var largest = new float[w.Length / Block];
        for (var index = 0; index < w.Length; index++)
        {
            largest[index / Block] = MathF.Max(largest[index / Block], MathF.Abs(w[index]));
        }

        return largest;
    }
}

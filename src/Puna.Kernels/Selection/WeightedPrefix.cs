namespace Puna.Kernels.Selection;

/// <summary>Finds where a running sum of weights, taken in the order of keys, reaches a mass, without sorting.</summary>
public static class WeightedPrefix
{
    /// <summary>
    /// The smallest key t for which the weights of all keys up to t sum to at least <paramref name="mass"/>, and the
    /// sum of the weights of the keys below t. When the whole sum is less than the mass, t is the largest key. Expected
    /// time is linear: quickselect with three-way partitions, of which each step keeps one side.
    /// </summary>
    /// <param name="keys">At least one key, none NaN; permuted.</param>
    /// <param name="weights">A weight for each key, not negative; permuted alike.</param>
    /// <param name="mass">The sum to reach.</param>
    public static (float Key, double Before) Find(
        Span<float> keys,
        Span<float> weights,
        double mass
    )
    {
        var before = 0.0;
        while (true)
        {
            var pivot = Median(keys[0], keys[keys.Length / 2], keys[^1]);
            var (less, greater) = Partition(keys, weights, pivot);
            var lessSum = Sum(weights[..less]);
            if (less > 0 && before + lessSum >= mass)
            {
                keys = keys[..less];
                weights = weights[..less];
                continue;
            }

            var equalSum = Sum(weights[less..greater]);
            if (before + lessSum + equalSum >= mass || greater == keys.Length)
            {
                return (pivot, before + lessSum);
            }

            before += lessSum + equalSum;
            keys = keys[greater..];
            weights = weights[greater..];
        }
    }

    /// <summary>Moves smaller keys to the front and greater ones to the back; returns the borders of the equal ones.</summary>
    private static (int Less, int Greater) Partition(
        Span<float> keys,
        Span<float> weights,
        float pivot
    )
    {
        var (less, next, greater) = (0, 0, keys.Length);
        while (next < greater)
        {
            var key = keys[next];
            if (key < pivot)
            {
                Swap(keys, weights, less++, next++);
            }
            else if (key > pivot)
            {
                Swap(keys, weights, next, --greater);
            }
            else
            {
                next++;
            }
        }

        return (less, greater);
    }

    private static void Swap(Span<float> keys, Span<float> weights, int left, int right)
    {
        (keys[left], keys[right]) = (keys[right], keys[left]);
        (weights[left], weights[right]) = (weights[right], weights[left]);
    }

    private static double Sum(ReadOnlySpan<float> weights)
    {
        var sum = 0.0;
        foreach (var weight in weights)
        {
            sum += weight;
        }

        return sum;
    }

    private static float Median(float a, float b, float c) =>
        MathF.Max(MathF.Min(a, b), MathF.Min(MathF.Max(a, b), c));
}

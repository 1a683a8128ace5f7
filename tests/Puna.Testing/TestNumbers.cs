namespace Puna.Testing;

/// <summary>Numbers that are the same in every run.</summary>
public static class TestNumbers
{
    /// <summary>Numbers spread evenly over (-magnitude, magnitude).</summary>
    public static float[] Uniform(int count, int seed, float magnitude = 1)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (var index = 0; index < count; index++)
        {
            values[index] = (2 * random.NextSingle() - 1) * magnitude;
        }

        return values;
    }

    /// <summary>A permutation of 0 to count - 1.</summary>
    public static int[] Permutation(int count, int seed)
    {
        var order = Enumerable.Range(0, count).ToArray();
        new Random(seed).Shuffle(order);
        return order;
    }
}

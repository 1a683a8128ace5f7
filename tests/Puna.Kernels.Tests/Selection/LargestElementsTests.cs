using Puna.Kernels.Randomness;
using Puna.Kernels.Selection;

namespace Puna.Kernels.Tests.Selection;

public sealed class LargestElementsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(100)]
    [InlineData(1021)]
    public void The_selection_equals_that_of_a_sort(int length)
    {
        var random = new PhiloxRandom((ulong)length);
        for (var round = 0; round < 50; round++)
        {
            // Few distinct values in half of the rounds, so that ties are common; some absent values.
            var values = new float[length];
            for (var i = 0; i < length; i++)
            {
                var drawn = (float)random.NextDouble();
                values[i] = round % 2 == 0 ? drawn : MathF.Floor(drawn * 8) - 4;
                values[i] = (random.NextUInt64() % 16) switch
                {
                    0 => float.NaN,
                    1 => float.NegativeInfinity,
                    _ => values[i],
                };
            }

            var sorted = values.Where(v => v > float.NegativeInfinity).OrderDescending().ToArray();
            var expectedIndex = sorted.Length == 0 ? -1 : Array.IndexOf(values, sorted[0]);
            Assert.Equal(expectedIndex, LargestElements.IndexOfLargest(values));
            foreach (var k in new[] { 1, 2, 5, 64, length })
            {
                var expected = k <= sorted.Length ? sorted[k - 1] : float.NegativeInfinity;
                Assert.Equal(expected, LargestElements.KthLargest(values, k, new float[k]));
                var indices = new int[length];
                var count = LargestElements.CollectAtLeast(values, expected, indices);
                Assert.Equal(
                    Enumerable
                        .Range(0, length)
                        .Where(i => values[i] > float.NegativeInfinity && values[i] >= expected),
                    indices[..count]
                );
            }
        }
    }

    [Fact]
    public void Collecting_into_too_small_a_span_still_counts()
    {
        var indices = new int[2];
        Assert.Equal(3, LargestElements.CollectAtLeast([1, 5, 5, 0, 5], 5, indices));
        Assert.Equal([1, 2], indices);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(50)]
    [InlineData(2000)]
    public void The_weighted_prefix_equals_that_of_a_sort(int length)
    {
        var random = new PhiloxRandom((ulong)length);
        for (var round = 0; round < 60; round++)
        {
            // Whole weights keep every sum exact in any order.
            var keys = new float[length];
            var weights = new float[length];
            for (var i = 0; i < length; i++)
            {
                keys[i] = random.NextUInt64() % (round % 2 == 0 ? 1_000_000UL : 7UL);
                weights[i] = random.NextUInt64() % 5;
            }

            var total = weights.Sum();
            var mass = Math.Ceiling(total * random.NextDouble());
            var order = Enumerable.Range(0, length).OrderBy(i => keys[i]).ToArray();
            var (running, position) = (0f, 0);
            while (position < length - 1 && running + weights[order[position]] < mass)
            {
                running += weights[order[position++]];
            }

            var expectedKey = keys[order[position]];
            var expectedBefore = order.Where(i => keys[i] < expectedKey).Sum(i => weights[i]);
            Assert.Equal(
                (expectedKey, (double)expectedBefore),
                WeightedPrefix.Find([.. keys], [.. weights], mass)
            );
        }
    }

    [Fact]
    public void A_mass_that_is_never_reached_gives_the_largest_key() =>
        Assert.Equal((3f, 3.0), WeightedPrefix.Find([2, 1, 3], [2, 1, 1], 100));
}

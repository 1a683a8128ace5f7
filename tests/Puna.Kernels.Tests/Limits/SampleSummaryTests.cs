using Puna.Kernels.Limits;

namespace Puna.Kernels.Tests.Limits;

public sealed class SampleSummaryTests
{
    [Theory]
    [InlineData(new[] { 4.0 }, 4, 0)]
    [InlineData(new[] { 3.0, 1.0, 2.0 }, 2, 1)]
    [InlineData(new[] { 1.0, 2.0, 4.0, 8.0 }, 3, 7 / 3.0)]
    public void Median_and_spread_are_those_of_the_sorted_samples(
        double[] samples,
        double median,
        double spread
    )
    {
        var summary = new SampleSummary(samples);
        Assert.Equal(median, summary.Median);
        Assert.Equal(spread, summary.Spread, 12);
        Assert.Equal(samples, summary.Samples);
    }

    [Fact]
    public void No_samples_are_refused() =>
        Assert.Throws<ArgumentException>(() => new SampleSummary([]));
}

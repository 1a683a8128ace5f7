namespace Puna.Kernels.Limits;

/// <summary>Median and spread of repeated measurements, all positive and in one unit.</summary>
public sealed record SampleSummary
{
    /// <summary>Summarises at least one sample.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public SampleSummary(IEnumerable<double> samples)
    {
        Samples = [.. samples];
        if (Samples.Count == 0)
        {
            throw new ArgumentException("There is no sample to summarise.", nameof(samples));
        }

        var sorted = Samples.Order().ToList();
        var middle = sorted.Count / 2;
        Median = sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        Spread = Median == 0 ? 0 : (sorted[^1] - sorted[0]) / Median;
    }

    /// <summary>The samples in the order in which they were taken.</summary>
    public IReadOnlyList<double> Samples { get; }

    /// <summary>The middle sample; of an even number the mean of the two middle ones.</summary>
    public double Median { get; }

    /// <summary>(largest - smallest) / median.</summary>
    public double Spread { get; }
}

namespace Puna.Engine.Decoding;

/// <summary>
/// What the sampling chain leaves of a distribution: ids ascending, with unnormalised weights. It shows the sampler's
/// buffers and is good until the next call.
/// </summary>
internal readonly ref struct TokenDistribution
{
    internal TokenDistribution(ReadOnlySpan<int> ids, ReadOnlySpan<float> weights, double total)
    {
        Ids = ids;
        Weights = weights;
        Total = total;
    }

    /// <summary>Ids that may be drawn, ascending.</summary>
    public ReadOnlySpan<int> Ids { get; }

    /// <summary>Weight of each id; not negative.</summary>
    public ReadOnlySpan<float> Weights { get; }

    /// <summary>Sum of the weights.</summary>
    public double Total { get; }

    /// <summary>Probability of the id at a position of <see cref="Ids"/>.</summary>
    public double Probability(int position) => Weights[position] / Total;
}

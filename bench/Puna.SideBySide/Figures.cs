using Puna.Kernels.Limits;

namespace Puna.SideBySide;

/// <summary>One figure in all rounds.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="Spread">(largest - smallest) / median.</param>
/// <param name="Samples">All of them, in order.</param>
public sealed record Figures(double Median, double Spread, IReadOnlyList<double> Samples)
{
    /// <summary>Summarises samples.</summary>
    public static Figures Of(IEnumerable<double> samples)
    {
        var summary = new SampleSummary(samples);
        return new Figures(summary.Median, summary.Spread, summary.Samples);
    }
}

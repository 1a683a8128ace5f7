using Puna.Kernels.Limits;

namespace Puna.Engine.Measurement;

/// <summary>One measured row.</summary>
/// <param name="Test">What was measured.</param>
/// <param name="Tokens">Tokens of each sequence.</param>
/// <param name="Batch">Sequences.</param>
/// <param name="Depth">Tokens that their caches held before.</param>
/// <param name="Rate">Tokens a second, of all sequences together, one sample for each repetition.</param>
/// <param name="Work">Bytes and operations that one repetition must move and do.</param>
/// <param name="ReadBandwidths">Bytes a second that memory gave around each repetition; empty when that was not measured.</param>
public sealed record BenchRow(
    BenchTest Test,
    int Tokens,
    int Batch,
    int Depth,
    SampleSummary Rate,
    BenchWork Work,
    IReadOnlyList<double> ReadBandwidths
)
{
    /// <summary>Where the time of a pass goes; empty unless <see cref="BenchOptions.Profile"/> asks for it.</summary>
    public IReadOnlyList<StageTime> Stages { get; init; } = [];

    /// <summary>Median tokens a second.</summary>
    public double TokensPerSecond => Rate.Median;

    /// <summary>Weights and cached keys and values read a second, each once for a pass.</summary>
    public double BytesPerSecond => Work.Bytes / Seconds;

    /// <summary>f32 operations a second that the plan asks for; a multiply-add counts 2.</summary>
    public double OperationsPerSecond => Work.Operations / Seconds;

    private double BytesPerToken => Work.Bytes / ((double)Tokens * Batch);

    private double Seconds => (double)Tokens * Batch / TokensPerSecond;

    /// <summary>
    /// Share of what the machine could do at best: for <see cref="BenchTest.Decode"/> bytes against what memory gave around
    /// each repetition (the median of these shares), for <see cref="BenchTest.Prompt"/> operations against the f32
    /// multiply-add peak. Products in int8, and weights that stay in the cache, can exceed 1. Null where the limit was not
    /// measured.
    /// </summary>
    public double? ShareOfLimit(MachineLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        if (Test == BenchTest.Prompt)
        {
            return limits.MultiplyAddPeak > 0 ? OperationsPerSecond / limits.MultiplyAddPeak : null;
        }

        return ReadBandwidths.Count == 0
            ? null
            : new SampleSummary(
                Rate.Samples.Zip(ReadBandwidths, (rate, limit) => rate * BytesPerToken / limit)
            ).Median;
    }
}

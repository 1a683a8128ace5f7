using Puna.Kernels.Lanes;

namespace Puna.Kernels.Limits;

/// <summary>What this machine can do at best, measured: the floors that kernels and models are held against.</summary>
/// <param name="Processor">The processor's name.</param>
/// <param name="Level">Vector width of the kernels.</param>
/// <param name="Threads">Threads of the figures for all of them.</param>
/// <param name="ReadBandwidth">Bytes a second read from memory by all threads.</param>
/// <param name="ReadBandwidthOneThread">Bytes a second read from memory by one thread.</param>
/// <param name="CacheBandwidth">Bytes a second read from the second-level caches by all threads.</param>
/// <param name="CacheBandwidthOneThread">The same for one thread.</param>
/// <param name="MultiplyAddPeak">f32 operations a second of all threads; a multiply-add counts 2.</param>
/// <param name="MultiplyAddPeakOneThread">The same for one thread.</param>
/// <param name="Int8Peak">int8 multiplications and additions a second of all threads.</param>
/// <param name="Int8PeakOneThread">The same for one thread.</param>
public sealed record MachineLimits(
    string Processor,
    KernelLevel Level,
    int Threads,
    double ReadBandwidth,
    double ReadBandwidthOneThread,
    double CacheBandwidth,
    double CacheBandwidthOneThread,
    double MultiplyAddPeak,
    double MultiplyAddPeakOneThread,
    double Int8Peak,
    double Int8PeakOneThread
)
{
    /// <summary>The machine without its limits, which are all 0.</summary>
    public static MachineLimits Unmeasured(int threads) =>
        new(ProcessorName.Text, Dispatch.Level, threads, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>
    /// The better of two measurements of one machine, limit by limit: neighbours can only take away from what it can do.
    /// </summary>
    public MachineLimits OrBetter(MachineLimits other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return this with
        {
            ReadBandwidth = Math.Max(ReadBandwidth, other.ReadBandwidth),
            ReadBandwidthOneThread = Math.Max(ReadBandwidthOneThread, other.ReadBandwidthOneThread),
            CacheBandwidth = Math.Max(CacheBandwidth, other.CacheBandwidth),
            CacheBandwidthOneThread = Math.Max(
                CacheBandwidthOneThread,
                other.CacheBandwidthOneThread
            ),
            MultiplyAddPeak = Math.Max(MultiplyAddPeak, other.MultiplyAddPeak),
            MultiplyAddPeakOneThread = Math.Max(
                MultiplyAddPeakOneThread,
                other.MultiplyAddPeakOneThread
            ),
            Int8Peak = Math.Max(Int8Peak, other.Int8Peak),
            Int8PeakOneThread = Math.Max(Int8PeakOneThread, other.Int8PeakOneThread),
        };
    }
}

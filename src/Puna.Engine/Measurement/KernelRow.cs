using Puna.Kernels.Cases;
using Puna.Kernels.Limits;

namespace Puna.Engine.Measurement;

/// <summary>One measured kernel.</summary>
/// <param name="Kernel">What was measured.</param>
/// <param name="Seconds">Seconds of one run, one sample for each repetition.</param>
/// <param name="ReadBandwidth">Bytes a second that memory gave around them; null when that was not asked.</param>
public sealed record KernelRow(IKernelCase Kernel, SampleSummary Seconds, double? ReadBandwidth)
{
    /// <summary>Bytes a second.</summary>
    public double BytesPerSecond => Kernel.Work.Bytes / Seconds.Median;

    /// <summary>Operations a second.</summary>
    public double OperationsPerSecond => Kernel.Work.Operations / Seconds.Median;

    /// <summary>Seconds that a run takes at the limits of the machine, with what memory gave around it.</summary>
    public double Floor(MachineLimits limits) => Kernel.Work.Floor(Around(limits));

    /// <summary>Which limit the floor comes from.</summary>
    public string Limit(MachineLimits limits) => Kernel.Work.Limit(Around(limits));

    /// <summary><see cref="Floor"/> over the measured time.</summary>
    public double ShareOfFloor(MachineLimits limits) => Floor(limits) / Seconds.Median;

    private MachineLimits Around(MachineLimits limits) =>
        limits with
        {
            ReadBandwidth = ReadBandwidth ?? limits.ReadBandwidth,
        };
}

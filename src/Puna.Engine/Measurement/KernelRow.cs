using Puna.Kernels.Cases;
using Puna.Kernels.Limits;

namespace Puna.Engine.Measurement;

/// <summary>One measured kernel.</summary>
/// <param name="Kernel">What was measured.</param>
/// <param name="Seconds">Seconds of one run, one sample for each repetition.</param>
public sealed record KernelRow(IKernelCase Kernel, SampleSummary Seconds)
{
    /// <summary>Bytes a second.</summary>
    public double BytesPerSecond => Kernel.Work.Bytes / Seconds.Median;

    /// <summary>Operations a second.</summary>
    public double OperationsPerSecond => Kernel.Work.Operations / Seconds.Median;

    /// <summary>Time at the limits of the machine over the measured time.</summary>
    public double ShareOfFloor(MachineLimits limits) => Kernel.Work.Floor(limits) / Seconds.Median;
}

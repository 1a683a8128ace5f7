using Puna.Kernels.Limits;

namespace Puna.Kernels.Cases;

/// <summary>The least that one run of a kernel must move and do.</summary>
/// <param name="Bytes">Bytes read and written, each once.</param>
/// <param name="Home">Where they lie.</param>
/// <param name="Operations">Multiplications and additions; 0 when moving the bytes is all that counts.</param>
/// <param name="Arithmetic">What the operations are made in.</param>
public readonly record struct KernelWork(
    double Bytes,
    OperandHome Home,
    double Operations = 0,
    KernelArithmetic Arithmetic = KernelArithmetic.F32
)
{
    /// <summary>Seconds that a run takes at the limits of the machine, with all its threads.</summary>
    public double Floor(MachineLimits limits) =>
        Math.Max(MoveSeconds(limits), OperationSeconds(limits));

    /// <summary>Which limit the floor comes from.</summary>
    public string Limit(MachineLimits limits)
    {
        if (MoveSeconds(limits) >= OperationSeconds(limits))
        {
            return Home == OperandHome.Memory ? "memory read" : "cache read";
        }

        return Arithmetic == KernelArithmetic.Int8 ? "int8" : "f32 multiply-add";
    }

    private double MoveSeconds(MachineLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return Bytes / (Home == OperandHome.Memory ? limits.ReadBandwidth : limits.CacheBandwidth);
    }

    private double OperationSeconds(MachineLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return Operations
            / (Arithmetic == KernelArithmetic.Int8 ? limits.Int8Peak : limits.MultiplyAddPeak);
    }
}

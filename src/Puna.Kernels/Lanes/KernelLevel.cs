namespace Puna.Kernels.Lanes;

/// <summary>What the processor offers, weakest first.</summary>
public enum KernelLevel
{
    /// <summary>One float at a time.</summary>
    Scalar,

    /// <summary>128-bit vectors, as every x86-64 and Arm64 processor has.</summary>
    Vector128,

    /// <summary>256-bit vectors with fused multiply-add.</summary>
    Avx2,

    /// <summary>512-bit vectors with fused multiply-add.</summary>
    Avx512,
}

namespace Puna.Kernels.Cases;

/// <summary>Which peak the operations of a kernel are held against.</summary>
public enum KernelArithmetic
{
    /// <summary>f32 multiply-adds.</summary>
    F32,

    /// <summary>int8 products summed in integers.</summary>
    Int8,
}

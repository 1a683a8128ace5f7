namespace Puna.Kernels.Activations;

/// <summary>The arithmetic of a product between activations and block-coded weights.</summary>
public enum ActivationFormat
{
    /// <summary>Every product in f32: the exact mode that oracles are compared with.</summary>
    F32,

    /// <summary>Activations rounded to int8 in blocks of 32 with an f32 scale each; dense weights still use f32.</summary>
    Int8,
}

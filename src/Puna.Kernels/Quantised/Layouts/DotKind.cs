namespace Puna.Kernels.Quantised.Layouts;

/// <summary>How the codes of 32 columns are multiplied with int8 activations.</summary>
internal enum DotKind
{
    /// <summary>Unsigned codes below 2^6 and one scale for the 32 columns.</summary>
    Unsigned,

    /// <summary>Unsigned codes below 2^6 and a scale for each 16 columns.</summary>
    UnsignedHalves,

    /// <summary>Signed 8-bit codes, -128 included, and one scale for the 32 columns.</summary>
    Signed,
}

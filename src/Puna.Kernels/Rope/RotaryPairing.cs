namespace Puna.Kernels.Rope;

/// <summary>Which two elements of a head form the pair that is rotated by frequency i.</summary>
public enum RotaryPairing
{
    /// <summary>(i, i + d/2): the engine's own order.</summary>
    Halves,

    /// <summary>(2i, 2i + 1): the order of the paper and of files that keep it.</summary>
    Interleaved,
}

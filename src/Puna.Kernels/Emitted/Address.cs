namespace Puna.Kernels.Emitted;

/// <summary>Memory at a register plus bytes.</summary>
internal readonly record struct Address(Register Base, int Displacement);

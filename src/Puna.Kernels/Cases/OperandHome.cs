namespace Puna.Kernels.Cases;

/// <summary>Where the operands of a kernel lie when it runs again.</summary>
public enum OperandHome
{
    /// <summary>In the caches of the cores.</summary>
    Cache,

    /// <summary>In memory: they are far larger than the caches.</summary>
    Memory,
}

namespace Puna.Kernels.Cases;

/// <summary>A kernel with its operands in memory.</summary>
public interface IPreparedKernel : IDisposable
{
    /// <summary>Runs the kernel once on all threads of the pool it was prepared with.</summary>
    void Run();
}

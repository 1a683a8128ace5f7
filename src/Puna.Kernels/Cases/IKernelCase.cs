using Puna.Kernels.Threads;

namespace Puna.Kernels.Cases;

/// <summary>
/// One kernel at one shape, ready to be measured: the seam between the kernels and whoever times them. A case holds no
/// memory until it is prepared.
/// </summary>
public interface IKernelCase
{
    /// <summary>What is typed to choose it: kernel, format and shape, separated by blanks.</summary>
    string Name { get; }

    /// <summary>The least that one run must move and do.</summary>
    KernelWork Work { get; }

    /// <summary>Allocates and fills the operands.</summary>
    IPreparedKernel Prepare(WorkerPool pool);
}

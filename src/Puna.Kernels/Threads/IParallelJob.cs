namespace Puna.Kernels.Threads;

/// <summary>Work that a <see cref="WorkerPool"/> runs in parts. Implement it as a struct: no allocation is made.</summary>
public interface IParallelJob
{
    /// <summary>
    /// Does part <paramref name="part"/> of <paramref name="parts"/>. Every part runs exactly once, on a thread of
    /// its own; results must not depend on <paramref name="parts"/>.
    /// </summary>
    void Execute(int part, int parts);
}

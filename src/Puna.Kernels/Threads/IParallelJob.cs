namespace Puna.Kernels.Threads;

/// <summary>Work that a <see cref="WorkerPool"/> runs in parts. Implement it as a struct: no allocation is made.</summary>
public interface IParallelJob
{
    /// <summary>
    /// Does part <paramref name="part"/> of <paramref name="parts"/>. Every part runs exactly once, at the same time as
    /// others or after them on the same thread: a part must not wait for another. Results must not depend on
    /// <paramref name="parts"/>.
    /// </summary>
    void Execute(int part, int parts);
}

namespace Puna.Kernels.Lanes;

/// <summary>
/// A kernel's body, written once for every width. Implement it as a struct that holds the arguments; the
/// partition rules are those of <see cref="Threads.IParallelJob"/>.
/// </summary>
internal interface ILanesJob
{
    /// <summary>Does part <paramref name="part"/> of <paramref name="parts"/> with vectors of one width.</summary>
    void Execute<TLanes>(int part, int parts)
        where TLanes : unmanaged, ILanes<TLanes>;
}

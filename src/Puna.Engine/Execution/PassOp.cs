using Puna.Kernels.Threads;

namespace Puna.Engine.Execution;

/// <summary>
/// One operation of a pass. A plan is compiled once into a list of them, which is the pass forwards and, read from its
/// end, backwards. An operation says which slots it reads, writes and saves; what it computes it writes to slots alone,
/// so that running it again gives the same.
/// </summary>
internal abstract class PassOp
{
    /// <summary>What the time of the operation counts for.</summary>
    public abstract ForwardStage Stage { get; }

    /// <summary>Tells what it does with slots; called once, before they have memory.</summary>
    public abstract void Declare(SlotUses uses);

    /// <summary>Computes. Allocates nothing.</summary>
    /// <param name="ids">Token ids of the batch.</param>
    /// <param name="pool">Threads.</param>
    public abstract void Forward(ReadOnlySpan<int> ids, WorkerPool pool);
}

using Puna.Kernels.Elementwise;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>y = silu(gate) * up.</summary>
internal sealed class SwiGluOp(Slot gate, Slot up, Slot output) : PassOp
{
    /// <inheritdoc/>
    public override ForwardStage Stage => ForwardStage.Activation;

    /// <inheritdoc/>
    public override void Declare(SlotUses uses)
    {
        uses.Reads(gate);
        uses.Reads(up);
        uses.Writes(output);
        uses.Saves(gate);
        uses.Saves(up);
    }

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<int> ids, WorkerPool pool)
    {
        SwiGlu.Forward(gate.Values, up.Values, output.Values, pool);
        output.Quantise(pool);
    }
}

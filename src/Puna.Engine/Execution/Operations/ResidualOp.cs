using Puna.Kernels.Elementwise;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>y = x + multiplier * branch: the residual stream after a branch.</summary>
internal sealed class ResidualOp(Slot stream, Slot branch, float multiplier, Slot output) : PassOp
{
    /// <inheritdoc/>
    public override ForwardStage Stage => ForwardStage.Residual;

    /// <inheritdoc/>
    public override void Declare(SlotUses uses)
    {
        uses.Reads(stream);
        uses.Reads(branch);
        uses.Writes(output);
    }

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<int> ids, WorkerPool pool)
    {
        if (!output.Shares(stream))
        {
            stream.Values.Values.Span.CopyTo(output.Values.Values.Span);
        }

        ScaledAdd.Forward(output.Values, branch.Values, multiplier, pool);
    }
}

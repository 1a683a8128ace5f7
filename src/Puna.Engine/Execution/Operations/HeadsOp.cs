using Puna.Kernels.Memory;
using Puna.Kernels.Norm;
using Puna.Kernels.Rope;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>RMSNorm of each head, where there is one, then rotation by the position of the row, where there is one.</summary>
internal sealed class HeadsOp(
    NativeBuffer<float>? norm,
    float epsilon,
    RotaryTable? rotary,
    int heads,
    Slot input,
    Slot output
) : PassOp
{
    /// <inheritdoc/>
    public override ForwardStage Stage => ForwardStage.Rotary;

    /// <inheritdoc/>
    public override void Declare(SlotUses uses)
    {
        uses.Reads(input);
        uses.Writes(output);
        if (norm is not null)
        {
            uses.Saves(input);
        }
    }

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<int> ids, WorkerPool pool)
    {
        var (source, target) = (input.Values, output.Values);
        var width = output.Columns;
        var headDim = width / heads;
        if (norm is not null)
        {
            var rows = output.Rows.Count * heads;
            RmsNorm.Forward(
                source,
                headDim,
                norm.Span,
                epsilon,
                target,
                headDim,
                rows,
                headDim,
                pool
            );
            source = target;
        }

        if (rotary is not null)
        {
            Rotary.Forward(
                rotary,
                RotaryPairing.Halves,
                output.Rows.Positions.Span,
                source,
                width,
                target,
                width,
                heads,
                headDim,
                pool
            );
        }
    }
}

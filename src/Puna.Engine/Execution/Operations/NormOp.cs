using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>y = rmsNorm(x) * w row by row, or a copy of x where there is no norm; made ready for matrices where y feeds them.</summary>
internal sealed class NormOp(
    ForwardStage stage,
    NativeBuffer<float>? weight,
    float epsilon,
    Slot input,
    Slot output
) : PassOp
{
    /// <inheritdoc/>
    public override ForwardStage Stage => stage;

    /// <inheritdoc/>
    public override void Declare(SlotUses uses)
    {
        uses.Reads(input);
        uses.Writes(output);
        uses.Saves(input);
    }

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<int> ids, WorkerPool pool)
    {
        if (weight is not null)
        {
            AdaptedNorm.Forward(
                input.Values,
                weight,
                epsilon,
                output.Values,
                output.Rows.Adapters,
                pool
            );
        }
        else
        {
            input.Values.Values.Span.CopyTo(output.Values.Values.Span);
        }

        if (output.FeedsProducts)
        {
            output.Quantise(pool);
        }
    }
}

using Puna.Kernels.Memory;
using Puna.Kernels.Norm;
using Puna.Kernels.Rope;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>RMSNorm of each head, where there is one, then rotation by the position of the row, where there is one.</summary>
internal sealed class HeadsOp(
    NativeBuffer<float>? norm,
    float epsilon,
    RotaryAngles? rotary,
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
        var source = input.Values;
        if (norm is not null)
        {
            RmsNorm.Forward(input.Heads(heads), norm.Span, epsilon, output.Heads(heads), pool);
            source = output.Values;
        }

        if (rotary is not null)
        {
            Rotary.Forward(
                rotary,
                RotaryPairing.Halves,
                source,
                output.Values,
                output.Columns / heads,
                pool
            );
        }
    }
}

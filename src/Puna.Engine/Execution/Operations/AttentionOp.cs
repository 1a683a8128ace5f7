using Puna.Engine.Plan;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>Attention of the queries over the pages of a bank, the new tokens' included.</summary>
internal sealed class AttentionOp(
    SegmentAttention attention,
    int layer,
    AttentionSpec branch,
    Slot queries,
    Slot output
) : PassOp
{
    /// <inheritdoc/>
    public override ForwardStage Stage => ForwardStage.Attention;

    /// <inheritdoc/>
    public override void Declare(SlotUses uses)
    {
        uses.Reads(queries);
        uses.Writes(output);
        uses.Saves(queries);
        uses.Saves(output);
    }

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<int> ids, WorkerPool pool)
    {
        var rows = queries.Rows;
        attention.Forward(
            layer,
            branch,
            rows.Segments,
            queries.Values.Values,
            rows.Positions,
            output.Values.Values
        );
        output.Quantise(pool);
    }
}

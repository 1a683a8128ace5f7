using Puna.Engine.Plan;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>Stores new keys and values in the pages of their sequences, in the tentative tails.</summary>
internal sealed class CacheWriteOp(KvBank bank, Slot keys, Slot values) : PassOp
{
    /// <inheritdoc/>
    public override ForwardStage Stage => ForwardStage.CacheWrite;

    /// <inheritdoc/>
    public override void Declare(SlotUses uses)
    {
        uses.Reads(keys);
        uses.Reads(values);
    }

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<int> ids, WorkerPool pool)
    {
        var width = keys.Columns;
        var segments = keys.Rows.Segments;
        var firstTail = keys.Rows.FirstTail;
        var row = 0;
        for (var index = 0; index < segments.Length; index++)
        {
            var count = segments[index].Tokens;
            segments[index]
                .Sequence.Write(
                    bank.Id,
                    firstTail[index],
                    count,
                    keys.Values.Slice(row, count).Values,
                    width,
                    values.Values.Slice(row, count).Values,
                    width,
                    pool
                );
            row += count;
        }
    }
}

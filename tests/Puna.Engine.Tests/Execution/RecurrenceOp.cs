using Puna.Engine.Execution;
using Puna.Kernels.Threads;

namespace Puna.Engine.Tests.Execution;

/// <summary>What <see cref="RecurrenceSpec"/> says, up to W.</summary>
internal sealed class RecurrenceOp(
    float decay,
    BranchState hidden,
    BranchState memory,
    Slot input,
    Slot output
) : PassOp
{
    /// <summary>Tokens of a chunk.</summary>
    public const int Chunk = 3;

    /// <inheritdoc/>
    public override ForwardStage Stage => ForwardStage.Activation;

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
        var first = 0;
        for (var segment = 0; segment < input.Rows.Segments.Length; segment++)
        {
            var h = hidden.Of(input.Rows, segment);
            var m = memory.Of(input.Rows, segment);
            for (var row = 0; row < h.Rows; row++)
            {
                Step(h, m, row, input.Values[first + row], output.Values[first + row]);
            }

            first += h.Rows;
        }

        if (output.FeedsProducts)
        {
            output.Quantise(pool);
        }
    }

    private void Step(SegmentState h, SegmentState m, int row, ReadOnlySpan<float> x, Span<float> y)
    {
        var before = h.Before(row).Span;
        var after = h.After(row).Span;
        var remembered = m.Before(row).Span;
        var count = before[x.Length] + 1;
        for (var column = 0; column < x.Length; column++)
        {
            after[column] = decay * before[column] + x[column];
            y[column] = after[column] + remembered[column];
        }

        after[x.Length] = count;
        if (count % Chunk != 0)
        {
            m.Unchanged(row);
            return;
        }

        var next = m.After(row).Span;
        for (var column = 0; column < x.Length; column++)
        {
            next[column] = 0.5f * remembered[column] + after[column];
        }
    }
}

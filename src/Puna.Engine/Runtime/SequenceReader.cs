using Puna.Kernels.Elementwise;

namespace Puna.Engine.Runtime;

/// <summary>Computes and commits ids of a sequence that are known already, in pieces: the one loop over a prompt or a text.</summary>
public static class SequenceReader
{
    // Rows of logits held at once: the vocabulary is wide, the text is long.
    private const int LogitRows = 64;

    /// <summary>Computes and commits the ids up to <paramref name="end"/>.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="end">How many ids are to be committed.</param>
    /// <param name="rows">Most rows of a pass; the sequence may allow fewer.</param>
    /// <param name="progress">Told after each pass the share of the ids that are committed.</param>
    /// <param name="cancellation">Ends the reading between two passes, without an exception: fewer ids are committed then.</param>
    public static void Read(
        ISequence sequence,
        int end,
        int rows = int.MaxValue,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default
    ) => Read(sequence, end, rows, int.MaxValue, null, progress, cancellation);

    /// <summary>Computes and commits all ids, and hands out the logits after those from an index on, in their order.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="first">Index of the first id after which logits are wanted.</param>
    /// <param name="handler">Takes them.</param>
    /// <param name="progress">Told after each pass the share of the ids that are committed.</param>
    /// <param name="cancellation">Ends the reading between two passes.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static void Score(
        ISequence sequence,
        int first,
        LogitsHandler handler,
        IProgress<double>? progress = null,
        CancellationToken cancellation = default
    )
    {
        Read(sequence, sequence.Ids.Length, int.MaxValue, first, handler, progress, cancellation);
        cancellation.ThrowIfCancellationRequested();
    }

    private static void Read(
        ISequence sequence,
        int end,
        int rows,
        int first,
        LogitsHandler? handler,
        IProgress<double>? progress,
        CancellationToken cancellation
    )
    {
        rows = Math.Min(rows, sequence.MaximumRows);
        while (sequence.Committed < end && !cancellation.IsCancellationRequested)
        {
            var start = sequence.Committed;
            var count = Math.Min(rows, end - start);
            sequence.Run(new NewRows(sequence.Ids.Slice(start, count), certain: count));
            Hand(sequence, start, count, first, handler);
            sequence.Commit(count);
            progress?.Report((double)sequence.Committed / end);
        }
    }

    private static void Hand(
        ISequence sequence,
        int start,
        int count,
        int first,
        LogitsHandler? handler
    )
    {
        Span<int> rows = stackalloc int[LogitRows];
        var wanted = Math.Clamp(first - start, 0, count);
        for (var row = sequence.NeedsLosses ? 0 : wanted; row < count; )
        {
            // Rows before the wanted ones are asked for their losses alone, in groups of their own.
            var end = Math.Min(row + LogitRows, row < wanted ? wanted : count);
            var asked = rows[..(end - row)];
            for (var index = 0; index < asked.Length; index++)
            {
                asked[index] = row + index;
            }

            var outputs = new Outputs(asked.Length, sequence.Logits(asked), []);
            if (sequence.NeedsLosses)
            {
                SetLosses(sequence, start + row, outputs);
            }

            if (row >= wanted)
            {
                handler?.Invoke(start + row, outputs);
            }

            row = end;
        }
    }

    private static void SetLosses(ISequence sequence, int index, Outputs outputs)
    {
        for (var row = 0; row < outputs.Rows && index + row + 1 < sequence.Ids.Length; row++)
        {
            var logits = outputs.Logits(row);
            var id = sequence.Ids[index + row + 1];
            sequence.SetLoss(index + row + 1, (float)(LogSumExp.Of(logits) - logits[id]));
        }
    }
}

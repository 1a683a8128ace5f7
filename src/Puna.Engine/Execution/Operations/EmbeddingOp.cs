using Puna.Engine.Linear;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>x[t, :] = multiplier * E[id[t], :], or the rows that a segment brings in their place.</summary>
internal sealed class EmbeddingOp(LinearLayer embedding, float multiplier, Slot output) : PassOp
{
    /// <inheritdoc/>
    public override ForwardStage Stage => ForwardStage.Embedding;

    /// <inheritdoc/>
    public override void Declare(SlotUses uses) => uses.Writes(output);

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<int> ids, WorkerPool pool)
    {
        var row = 0;
        foreach (ref readonly var segment in output.Rows.Segments)
        {
            var values = output.Values.Slice(row, segment.Tokens);
            var given = segment.Embeddings;
            for (var token = 0; token < segment.Tokens; token++)
            {
                if (given.Rows > 0)
                {
                    given[token].CopyTo(values[token]);
                }
                else
                {
                    embedding.Weight.DequantRows(ids[row + token], 1, values[token]);
                }
            }

            if (multiplier != 1 && given.Rows == 0)
            {
                Scale.Forward(values, multiplier, pool);
            }

            row += segment.Tokens;
        }
    }
}

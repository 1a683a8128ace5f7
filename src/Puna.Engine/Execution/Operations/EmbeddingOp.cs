using Puna.Engine.Linear;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>x[t, :] = multiplier * E[id[t], :].</summary>
internal sealed class EmbeddingOp(LinearLayer embedding, float multiplier, Slot output) : PassOp
{
    /// <inheritdoc/>
    public override ForwardStage Stage => ForwardStage.Embedding;

    /// <inheritdoc/>
    public override void Declare(SlotUses uses) => uses.Writes(output);

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<int> ids, WorkerPool pool)
    {
        var values = output.Values;
        for (var row = 0; row < ids.Length; row++)
        {
            embedding.Weight.DequantRows(ids[row], 1, values[row]);
        }

        if (multiplier != 1)
        {
            Scale.Forward(values, multiplier, pool);
        }
    }
}

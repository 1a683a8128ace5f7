using Puna.Kernels.Activations;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Linear;

/// <summary>y = W x + b, with W in whatever format it is stored.</summary>
public sealed class LinearLayer : IDisposable
{
    private readonly NativeBuffer<float>? _bias;

    /// <summary>Takes ownership of weight and bias.</summary>
    /// <param name="index">Number of the layer among those of its model.</param>
    /// <param name="weight">W.</param>
    /// <param name="bias">b, or null.</param>
    public LinearLayer(int index, PackedMatrix weight, NativeBuffer<float>? bias)
    {
        Index = index;
        Weight = weight;
        _bias = bias;
    }

    /// <summary>Number of the layer among those of its model: by it sets of adapters find theirs.</summary>
    public int Index { get; }

    /// <summary>W [Rows, Columns].</summary>
    public PackedMatrix Weight { get; }

    /// <summary>b [Rows], or null.</summary>
    public NativeSpan<float>? Bias => _bias?.Span;

    /// <summary>Bytes held.</summary>
    public long Bytes => Weight.Bytes + (_bias?.Bytes ?? 0);

    /// <summary>
    /// What follows every product with W, whoever computed it, alone or joined with others: y[t, :] += b, then the adapters
    /// of the rows that have some. The only tail there is.
    /// </summary>
    /// <param name="x">What the product read, [T, Columns].</param>
    /// <param name="y">W x, [T, Rows].</param>
    /// <param name="runs">Rows with adapters.</param>
    /// <param name="pool">Threads.</param>
    internal void Finish(
        ActivationRows x,
        FloatRows y,
        ReadOnlySpan<AdapterRun> runs,
        WorkerPool pool
    )
    {
        if (_bias is not null)
        {
            BiasAdd.Forward(y, _bias.Span, pool);
        }

        foreach (var run in runs)
        {
            run.Adapters.Of(this)
                ?.Forward(
                    x.Rows.Slice(run.FirstRow, run.Rows),
                    y.Slice(run.FirstRow, run.Rows),
                    pool
                );
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weight.Dispose();
        _bias?.Dispose();
    }
}

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
    public LinearLayer(PackedMatrix weight, NativeBuffer<float>? bias)
    {
        Weight = weight;
        _bias = bias;
    }

    /// <summary>W [Rows, Columns].</summary>
    public PackedMatrix Weight { get; }

    /// <summary>b [Rows], or null.</summary>
    public NativeSpan<float>? Bias => _bias?.Span;

    /// <summary>Bytes held.</summary>
    public long Bytes => Weight.Bytes + (_bias?.Bytes ?? 0);

    /// <summary>y[t, :] = W x[t, :] + b for every row t of <paramref name="x"/>; y is [T, Rows], contiguous.</summary>
    public void Forward(ActivationRows x, NativeSpan<float> y, WorkerPool pool)
    {
        Weight.Multiply(x, new FloatRows(y, x.Tokens, Weight.Rows), pool);
        AddBias(x.Tokens, y, pool);
    }

    /// <summary>W and where W x goes, for a job that several layers share; <see cref="AddBias"/> comes after it.</summary>
    public MatrixProduct Product(NativeSpan<float> y) => new(Weight, y);

    /// <summary>y[t, :] += b for <paramref name="tokens"/> rows, where there is a bias.</summary>
    public void AddBias(int tokens, NativeSpan<float> y, WorkerPool pool)
    {
        if (_bias is not null)
        {
            BiasAdd.Forward(new FloatRows(y, tokens, Weight.Rows), _bias.Span, pool);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Weight.Dispose();
        _bias?.Dispose();
    }
}

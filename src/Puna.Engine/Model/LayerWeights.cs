using Puna.Engine.Linear;
using Puna.Engine.Plan;
using Puna.Kernels.Memory;

namespace Puna.Engine.Model;

/// <summary>Parameters of one layer; those that its <see cref="LayerSpec"/> does not ask for are null.</summary>
public sealed class LayerWeights : IDisposable
{
    /// <summary>Norm before attention, [d].</summary>
    public required NativeBuffer<float> AttentionNorm { get; init; }

    /// <summary>W_q [H * dh, d].</summary>
    public required LinearLayer Query { get; init; }

    /// <summary>W_k [Hk * dh, d]; null for readers of another layer's bank.</summary>
    public required LinearLayer? Key { get; init; }

    /// <summary>W_v [Hk * dh, d]; null for readers of another layer's bank.</summary>
    public required LinearLayer? Value { get; init; }

    /// <summary>W_o [d, H * dh].</summary>
    public required LinearLayer Output { get; init; }

    /// <summary>Norm of each query head, [dh].</summary>
    public required NativeBuffer<float>? QueryNorm { get; init; }

    /// <summary>Norm of each key head, [dh].</summary>
    public required NativeBuffer<float>? KeyNorm { get; init; }

    /// <summary>Norm after attention, [d].</summary>
    public required NativeBuffer<float>? AttentionPostNorm { get; init; }

    /// <summary>Norm before the MLP, [d].</summary>
    public required NativeBuffer<float> MlpNorm { get; init; }

    /// <summary>W_gate [f, d].</summary>
    public required LinearLayer Gate { get; init; }

    /// <summary>W_up [f, d].</summary>
    public required LinearLayer Up { get; init; }

    /// <summary>W_down [d, f].</summary>
    public required LinearLayer Down { get; init; }

    /// <summary>Norm after the MLP, [d].</summary>
    public required NativeBuffer<float>? MlpPostNorm { get; init; }

    /// <summary>Bytes held by all parameters.</summary>
    public long Bytes =>
        Linears.Sum(linear => linear?.Bytes ?? 0) + Norms.Sum(norm => norm?.Bytes ?? 0);

    /// <summary>Norms and biases, in one order.</summary>
    internal IEnumerable<NativeSpan<float>> Vectors
    {
        get
        {
            foreach (var norm in Norms)
            {
                if (norm is not null)
                {
                    yield return norm.Span;
                }
            }

            foreach (var linear in Linears)
            {
                if (linear?.Bias is { } bias)
                {
                    yield return bias;
                }
            }
        }
    }

    private LinearLayer?[] Linears => [Query, Key, Value, Output, Gate, Up, Down];

    private NativeBuffer<float>?[] Norms =>
        [AttentionNorm, QueryNorm, KeyNorm, AttentionPostNorm, MlpNorm, MlpPostNorm];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var linear in Linears)
        {
            linear?.Dispose();
        }

        foreach (var norm in Norms)
        {
            norm?.Dispose();
        }
    }
}

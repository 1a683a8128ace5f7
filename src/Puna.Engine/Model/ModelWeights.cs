using Puna.Engine.Linear;
using Puna.Kernels.Memory;

namespace Puna.Engine.Model;

/// <summary>All parameters of a model, repacked for this processor.</summary>
public sealed class ModelWeights : IDisposable
{
    /// <summary>Memory of all matrices.</summary>
    public required NativeArena Memory { get; init; }

    /// <summary>Embedding [V, d].</summary>
    public required LinearLayer Embedding { get; init; }

    /// <summary>Layers, in order.</summary>
    public required IReadOnlyList<LayerWeights> Layers { get; init; }

    /// <summary>Final norm, [d].</summary>
    public required NativeBuffer<float> FinalNorm { get; init; }

    /// <summary>Output matrix [V, d]; the same object as <see cref="Embedding"/> when tied.</summary>
    public required LinearLayer Head { get; init; }

    /// <summary>Bytes held, each matrix once.</summary>
    public long Bytes =>
        Embedding.Bytes
        + (ReferenceEquals(Head, Embedding) ? 0 : Head.Bytes)
        + FinalNorm.Bytes
        + Layers.Sum(layer => layer.Bytes);

    /// <inheritdoc/>
    public void Dispose()
    {
        Embedding.Dispose();
        Head.Dispose();
        FinalNorm.Dispose();
        foreach (var layer in Layers)
        {
            layer.Dispose();
        }

        Memory.Dispose();
    }
}

using Puna.Engine.Linear;
using Puna.Engine.Plan;
using Puna.Kernels.Memory;

namespace Puna.Engine.Model;

/// <summary>
/// The parameters of a model by the modules that own them, repacked for this processor. Which modules there are is the
/// plan's business, see <see cref="LayerPlan.Parameters()"/>. Immutable once loaded.
/// </summary>
public sealed class ParameterSet : IDisposable
{
    private readonly NativeArena _memory;
    private readonly Dictionary<string, LinearLayer> _linears = new(StringComparer.Ordinal);
    private readonly Dictionary<string, NativeBuffer<float>> _vectors = new(StringComparer.Ordinal);

    /// <summary>Makes an empty set, which takes over the memory in which matrices will lie.</summary>
    internal ParameterSet(NativeArena memory) => _memory = memory;

    /// <summary>Embedding [V, d].</summary>
    internal LinearLayer Embedding => Linear(Modules.Embedding);

    /// <summary>Output matrix [V, d]; the same object as <see cref="Embedding"/> when tied.</summary>
    internal LinearLayer Head => _linears.GetValueOrDefault(Modules.Head) ?? Embedding;

    /// <summary>Final norm, [d].</summary>
    public NativeBuffer<float> FinalNorm => Vector(Modules.FinalNorm);

    /// <summary>Bytes held, each matrix once.</summary>
    public long Bytes =>
        _linears.Values.Sum(linear => linear.Bytes) + _vectors.Values.Sum(vector => vector.Bytes);

    /// <summary>The linear map of a module, e.g. <c>model.layers.3.mlp.up_proj</c>.</summary>
    /// <exception cref="ArgumentException">The plan has none.</exception>
    public LinearLayer Linear(string module) =>
        _linears.GetValueOrDefault(module)
        ?? throw new ArgumentException($"The plan has no matrix '{module}'.", nameof(module));

    /// <summary>The vector of a module, e.g. <c>model.layers.3.input_layernorm</c>.</summary>
    /// <exception cref="ArgumentException">The plan has none.</exception>
    public NativeBuffer<float> Vector(string module) =>
        _vectors.GetValueOrDefault(module)
        ?? throw new ArgumentException($"The plan has no vector '{module}'.", nameof(module));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var linear in _linears.Values)
        {
            linear.Dispose();
        }

        foreach (var vector in _vectors.Values)
        {
            vector.Dispose();
        }

        _memory.Dispose();
    }

    /// <summary>Linear maps so far.</summary>
    internal int Linears => _linears.Count;

    /// <summary>The memory of all matrices.</summary>
    internal IEnumerable<NativeSpan<byte>> Chunks => _memory.Chunks;

    /// <summary>Norms and biases in the order of a plan.</summary>
    internal IEnumerable<NativeSpan<float>> Vectors(LayerPlan plan) =>
        from spec in plan.Parameters()
        where !spec.IsMatrix
        select spec.Kind == ParameterKind.Bias
            ? Linear(spec.Module).Bias!.Value
            : Vector(spec.Module).Span;

    internal void Add(string module, LinearLayer linear) => _linears.Add(module, linear);

    internal void Add(string module, NativeBuffer<float> vector) => _vectors.Add(module, vector);
}

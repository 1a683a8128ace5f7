using Puna.Kernels.Memory;

namespace Puna.Engine.Linear;

/// <summary>
/// The adapters that a sequence runs with: one for each linear map that is adapted, and vectors (norms) that take the place of
/// the model's. Sequences with different sets run in one pass.
/// </summary>
internal sealed class AdapterSet : IDisposable
{
    private readonly LinearAdapter?[] _linears;
    private readonly Dictionary<NativeBuffer<float>, NativeBuffer<float>> _vectors;

    /// <summary>Takes ownership of the adapters and vectors.</summary>
    /// <param name="fingerprint">What tells this set from others: cached keys and values depend on it.</param>
    /// <param name="linears">Adapters by the linear maps of the model.</param>
    /// <param name="vectors">Vectors by those of the model that they replace.</param>
    public AdapterSet(
        string fingerprint,
        IReadOnlyDictionary<LinearLayer, LinearAdapter> linears,
        IReadOnlyDictionary<NativeBuffer<float>, NativeBuffer<float>>? vectors = null
    )
    {
        Fingerprint = fingerprint;
        _linears = new LinearAdapter?[
            linears.Keys.Select(linear => linear.Index + 1).DefaultIfEmpty().Max()
        ];
        foreach (var (linear, adapter) in linears)
        {
            _linears[linear.Index] = adapter;
        }

        _vectors = vectors is null ? [] : new(vectors);
    }

    /// <summary>What tells this set from others.</summary>
    public string Fingerprint { get; }

    /// <summary>The adapter of a linear map, or null.</summary>
    public LinearAdapter? Of(LinearLayer linear) =>
        linear.Index < _linears.Length ? _linears[linear.Index] : null;

    /// <summary>The vector that stands in the place of the model's, or that one.</summary>
    public NativeBuffer<float> Of(NativeBuffer<float> vector) =>
        _vectors.GetValueOrDefault(vector, vector);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var adapter in _linears)
        {
            adapter?.Dispose();
        }

        foreach (var vector in _vectors.Values)
        {
            vector.Dispose();
        }
    }
}

using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>The queries of the last tokens of a prompt, in every layer that reads one bank.</summary>
internal readonly ref struct KvObservedQueries
{
    private readonly ReadOnlySpan<int> _layers;
    private readonly NativeSpan<float> _rows;

    internal KvObservedQueries(
        ReadOnlySpan<int> layers,
        int firstPosition,
        int tokens,
        NativeSpan<float> rows
    )
    {
        _layers = layers;
        _rows = rows;
        FirstPosition = firstPosition;
        Tokens = tokens;
    }

    /// <summary>
    /// T: as many as the stages ask for, or fewer when fewer were run since the sequence began, was truncated or adopted a prefix.
    /// </summary>
    public int Tokens { get; }

    /// <summary>Position of the first of them; the others follow it.</summary>
    public int FirstPosition { get; }

    /// <summary>The layers that read the bank, ascending.</summary>
    public ReadOnlySpan<int> Layers => _layers;

    /// <summary>Rotated queries [T, H * d] of one of <see cref="Layers"/>, by its place there.</summary>
    public NativeSpan<float> Queries(int reader)
    {
        var length = _rows.Length / _layers.Length;
        return _rows.Slice(reader * length, length);
    }
}

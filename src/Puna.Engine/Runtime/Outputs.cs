namespace Puna.Engine.Runtime;

/// <summary>What was computed for some rows of a pass, in the order in which they were asked for; good until the next pass.</summary>
public readonly ref struct Outputs
{
    private readonly Span<float> _logits;
    private readonly Span<float> _hidden;

    /// <summary>Shows results.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="logits">[rows, V].</param>
    /// <param name="hidden">[rows, d]; empty when they were not asked for.</param>
    public Outputs(int rows, Span<float> logits, Span<float> hidden)
    {
        Rows = rows;
        _logits = logits;
        _hidden = hidden;
    }

    /// <summary>Rows asked for.</summary>
    public int Rows { get; }

    /// <summary>Logits [V] after the row that was asked for as number <paramref name="index"/>; may be overwritten.</summary>
    public Span<float> Logits(int index) => Row(_logits, index);

    /// <summary>What the head reads, [d], at the row that was asked for as number <paramref name="index"/>.</summary>
    public ReadOnlySpan<float> Hidden(int index) => Row(_hidden, index);

    private Span<float> Row(Span<float> values, int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Rows);
        var width = values.Length / Rows;
        return values.Slice(index * width, width);
    }
}

namespace Puna.Engine.Evaluation;

/// <summary>How perplexity is measured.</summary>
public sealed record PerplexityOptions
{
    /// <summary>Inputs of a window.</summary>
    public required int Context { get; init; }

    /// <summary>Distance between the starts of windows; null = the context.</summary>
    public int? Stride { get; init; }

    /// <summary>Which predictions count.</summary>
    public PerplexityRule Rule { get; init; } = PerplexityRule.Windows;

    /// <summary>Under llama.cpp's rule the first id of each window is replaced by this one; null = it is kept.</summary>
    public int? WindowBos { get; init; }
}

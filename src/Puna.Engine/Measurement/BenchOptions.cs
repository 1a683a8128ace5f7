namespace Puna.Engine.Measurement;

/// <summary>What <see cref="ModelBench"/> measures: every prompt and every decoding length at every depth.</summary>
public sealed record BenchOptions
{
    /// <summary>Lengths of prompts that are read.</summary>
    public IReadOnlyList<int> PromptTokens { get; init; } = [512];

    /// <summary>Numbers of tokens that are decoded.</summary>
    public IReadOnlyList<int> DecodeTokens { get; init; } = [128];

    /// <summary>Numbers of sequences that are decoded together.</summary>
    public IReadOnlyList<int> Batches { get; init; } = [1];

    /// <summary>Tokens that each sequence's cache already holds.</summary>
    public IReadOnlyList<int> Depths { get; init; } = [0];

    /// <summary>Timed repetitions of each row.</summary>
    public int Repeats { get; init; } = 5;
}

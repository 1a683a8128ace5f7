namespace Puna.Engine.Decoding;

/// <summary>What to generate and when to stop.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to generate; null = until the context is full. Not negative.</summary>
    public int? MaximumTokens { get; init; }

    /// <summary>The sampling chain.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>Change the logits of every step behind bias and penalties: a grammar, a ban.</summary>
    internal IReadOnlyList<ILogitProcessor> LogitProcessors { get; init; } = [];

    /// <summary>Ids after which to stop, beside those with which the model ends its answer.</summary>
    public IReadOnlyList<int> StopIds { get; init; } = [];

    /// <summary>Strings before which the text is cut.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Go on after ids with which the model ends its answer.</summary>
    public bool IgnoreEnd { get; init; }

    /// <summary>Most tokens of the prompt that are run at once. At least 1.</summary>
    public int PromptChunk { get; init; } = 512;

    /// <summary>Told after each pass of a long prompt the share of it that is read, 0 to 1; null = nobody.</summary>
    public IProgress<double>? PromptProgress { get; init; }

    /// <summary>Log probabilities of each token with this many of the most probable ones; null = none.</summary>
    public int? TopLogprobs { get; init; }

    /// <summary>Show control tokens as they are spelt.</summary>
    public bool ShowSpecial { get; init; }

    /// <summary>Checks every range that does not depend on the model.</summary>
    /// <exception cref="InputException">A value lies outside its range.</exception>
    public void Validate()
    {
        if (MaximumTokens < 0)
        {
            throw new InputException(
                $"{MaximumTokens} tokens were asked for; it must be 0 or more."
            );
        }

        if (PromptChunk < 1)
        {
            throw new InputException(
                $"The prompt chunk is {PromptChunk} tokens; it must be 1 or more."
            );
        }
    }
}

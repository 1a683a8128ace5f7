namespace Puna.Engine.Measurement;

/// <summary>What <see cref="ModelBench"/> measures: every prompt and every decoding length at every depth.</summary>
public sealed record BenchOptions
{
    private const int MostRepeats = 1000;

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

    /// <summary>After the timed repetitions, one more in which the time of each stage of the pass is taken.</summary>
    public bool Profile { get; init; }

    /// <summary>Requires every number to lie where it can be measured.</summary>
    /// <param name="context">Longest sequence.</param>
    /// <param name="maximumRows">Most rows of one pass.</param>
    /// <exception cref="InputException">One does not.</exception>
    internal void Check(int context, int maximumRows)
    {
        Require("-p", PromptTokens, 1, context, "the context; --ctx sets another");
        Require("-n", DecodeTokens, 1, context, "the context; --ctx sets another");
        Require("-b", Batches, 1, maximumRows, "the rows of one pass");
        Require("--depth", Depths, 0, context, "the context; --ctx sets another");
        RequireRepeats(Repeats);
    }

    /// <summary>Requires a sensible number of repetitions.</summary>
    internal static void RequireRepeats(int repeats) =>
        Require("--repeat", [repeats], 1, MostRepeats, "repetitions");

    private static void Require(
        string option,
        IEnumerable<int> values,
        int minimum,
        int maximum,
        string limit
    )
    {
        foreach (var value in values)
        {
            if (value < minimum || value > maximum)
            {
                throw new InputException(
                    $"{option} is {value}; a number from {minimum} to {maximum} ({limit}) is needed."
                );
            }
        }
    }
}

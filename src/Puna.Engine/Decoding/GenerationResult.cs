namespace Puna.Engine.Decoding;

/// <summary>What a generation did.</summary>
public sealed record GenerationResult
{
    /// <summary>The tokens generated, a stop id included.</summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>Why it ended.</summary>
    public required StopReason StopReason { get; init; }

    /// <summary>The stop string that ended it, or null.</summary>
    public required string? StopString { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens of the prompt that had to be run; the others were in the cache.</summary>
    public required int PromptTokensRun { get; init; }

    /// <summary>From the start until the first token was chosen (until the end, if none was).</summary>
    public required TimeSpan PromptTime { get; init; }

    /// <summary>From the first token to the end.</summary>
    public required TimeSpan DecodeTime { get; init; }

    /// <summary>Seed that repeats the draws.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Prompt tokens run per second; 0 when no time was measured.</summary>
    public double PromptTokensPerSecond => Rate(PromptTokensRun, PromptTime);

    /// <summary>Tokens after the first per second; 0 when there is none.</summary>
    public double DecodeTokensPerSecond => Rate(Ids.Count - 1, DecodeTime);

    private static double Rate(int tokens, TimeSpan time) =>
        tokens > 0 && time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;
}

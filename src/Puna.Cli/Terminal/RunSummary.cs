using System.Diagnostics;
using Puna.Engine.Decoding;
using Puna.Engine.Runtime;

namespace Puna.Cli.Terminal;

/// <summary>The figures at the end of a run.</summary>
internal static class RunSummary
{
    /// <summary>Time since the process was started.</summary>
    public static TimeSpan SinceStart()
    {
        using var process = Process.GetCurrentProcess();
        return TimeProvider.System.GetLocalNow().DateTime - process.StartTime;
    }

    /// <summary>Bytes of the process that are resident now.</summary>
    public static long ResidentBytes()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    /// <summary>One line: tokens, rates, time to the first token, memory.</summary>
    public static string Line(
        InferenceEngine engine,
        Sequence sequence,
        GenerationResult result,
        TimeSpan firstToken
    ) =>
        $"[prompt {result.PromptTokens} tokens, {result.PromptTokensPerSecond:F1} tokens/s; "
        + $"answer {result.Ids.Count} tokens, {result.DecodeTokensPerSecond:F1} tokens/s; "
        + $"first token after {firstToken.TotalSeconds:F2} s; "
        + $"memory {Sizes.Bytes(ResidentBytes())} (weights {Sizes.Bytes(engine.Model.Weights.Bytes)}, KV {Sizes.Bytes(sequence.Kv.Bytes.Payload)}); "
        + $"{result.StopReason.Id()}; seed {result.Seed}]";
}

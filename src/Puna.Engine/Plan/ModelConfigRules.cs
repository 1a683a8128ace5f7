namespace Puna.Engine.Plan;

/// <summary>Checks that the numbers of a configuration make sense together, before anything is sized by them.</summary>
internal static class ModelConfigRules
{
    /// <summary>Largest width of anything: products of two stay below 2^63, rows of one fit any address.</summary>
    internal const int LargestSize = 1 << 24;

    private const int MostLayers = 4096;

    /// <summary>Refuses what no forward pass could take.</summary>
    /// <param name="path">The file, for the message.</param>
    /// <param name="config">What it states.</param>
    /// <exception cref="InputException">A size is out of range, or two do not fit.</exception>
    public static void Require(string path, ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        RequireSize(path, "hidden size", config.HiddenSize, LargestSize);
        RequireSize(path, "intermediate size", config.IntermediateSize, LargestSize);
        RequireSize(path, "number of layers", config.Layers, MostLayers);
        RequireSize(path, "number of attention heads", config.Heads, LargestSize);
        RequireSize(path, "number of key/value heads", config.KvHeads, LargestSize);
        RequireSize(path, "head dimension", config.HeadDim, LargestSize);
        RequireSize(path, "vocabulary size", config.VocabularySize, LargestSize);
        RequireSize(path, "context length", config.ContextLength, int.MaxValue);
        if (config.Heads % config.KvHeads != 0)
        {
            throw new InputException(
                $"'{path}' states {config.Heads} attention heads and {config.KvHeads} key/value heads; the second must divide the first."
            );
        }

        if (config.HeadDim % 2 != 0)
        {
            throw new InputException(
                $"'{path}' states a head dimension of {config.HeadDim}; rotary embedding needs an even one."
            );
        }

        if ((long)config.Heads * config.HeadDim > LargestSize)
        {
            throw new InputException(
                $"'{path}' states {config.Heads} heads of {config.HeadDim}, together more than {LargestSize}."
            );
        }

        if (config.SlidingWindow < 0)
        {
            throw new InputException(
                $"'{path}' states a sliding window of {config.SlidingWindow}; it must be positive, or absent."
            );
        }

        RequireNumbers(path, config);
        RequireRope(path, config);
        RequireIds(path, config);
    }

    private static void RequireSize(string path, string what, int size, int largest)
    {
        if (size < 1 || size > largest)
        {
            throw new InputException(
                $"'{path}' states a {what} of {size}; 1 to {largest} is accepted."
            );
        }
    }

    private static void RequireNumbers(string path, ModelConfig config)
    {
        if (!float.IsFinite(config.NormEpsilon) || config.NormEpsilon <= 0)
        {
            throw new InputException(
                $"'{path}' states an RMS norm epsilon of {config.NormEpsilon}; it must be a positive number."
            );
        }

        if (
            !float.IsFinite(config.EmbeddingMultiplier)
            || !float.IsFinite(config.AttentionMultiplier ?? 1)
            || !float.IsFinite(config.ResidualMultiplier)
            || !float.IsFinite(config.LogitsMultiplier)
        )
        {
            throw new InputException(
                $"'{path}' states a multiplier that is no finite number: embedding {config.EmbeddingMultiplier}, attention {config.AttentionMultiplier}, residual {config.ResidualMultiplier}, logits {config.LogitsMultiplier}."
            );
        }
    }

    private static void RequireRope(string path, ModelConfig config)
    {
        var rope = config.Rope;
        if (!double.IsFinite(rope.Theta) || rope.Theta <= 0)
        {
            throw new InputException(
                $"'{path}' states a rotary base of {rope.Theta}; it must be a positive number."
            );
        }

        if (rope.Scaling == RopeScalingKind.None)
        {
            return;
        }

        if (rope.Scaling == RopeScalingKind.Factors)
        {
            var factors = rope.FrequencyFactors;
            if (
                factors is null
                || factors.Count != config.HeadDim / 2
                || factors.Any(factor => !float.IsFinite(factor) || factor <= 0)
            )
            {
                throw new InputException(
                    $"'{path}' needs {config.HeadDim / 2} positive rotary frequency factors, one for each pair of a head."
                );
            }

            return;
        }

        if (!double.IsFinite(rope.Factor) || rope.Factor <= 0)
        {
            throw new InputException(
                $"'{path}' states a rotary scaling factor of {rope.Factor}; it must be a positive number."
            );
        }

        if (rope.Scaling == RopeScalingKind.Linear)
        {
            return;
        }

        if (rope.OriginalContext < 1)
        {
            throw new InputException(
                $"'{path}' states {rope.Scaling} rotary scaling with an original context of {rope.OriginalContext}; it must be positive."
            );
        }

        var (low, high) =
            rope.Scaling == RopeScalingKind.Llama3
                ? (rope.LowFrequencyFactor, rope.HighFrequencyFactor)
                : (rope.BetaSlow, rope.BetaFast);
        if (!double.IsFinite(low) || !double.IsFinite(high) || low <= 0 || high <= low)
        {
            throw new InputException(
                $"'{path}' states {rope.Scaling} rotary scaling between {low} and {high}; two rising positive numbers are needed."
            );
        }

        if (rope.AttentionFactor is { } factorOfAttention && !double.IsFinite(factorOfAttention))
        {
            throw new InputException(
                $"'{path}' states a rotary attention factor that is no finite number."
            );
        }
    }

    private static void RequireIds(string path, ModelConfig config)
    {
        foreach (var id in config.EosIds.Append(config.BosId ?? 0))
        {
            if (id < 0 || id >= config.VocabularySize)
            {
                throw new InputException(
                    $"'{path}' names the special token {id}, but its vocabulary has ids 0 to {config.VocabularySize - 1}."
                );
            }
        }
    }
}

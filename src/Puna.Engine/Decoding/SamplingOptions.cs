namespace Puna.Engine.Decoding;

/// <summary>
/// The sampling chain, applied in this order: logit bias, repetition penalty, presence and frequency penalties,
/// temperature, typical, epsilon, top-k, top-p, min-p, draw. The neutral value of each switches it off.
/// </summary>
public sealed record SamplingOptions
{
    /// <summary>Divides the logits; 0 = greedy, ties to the lower id. Range [0, 100].</summary>
    public float Temperature { get; init; } = 0.8f;

    /// <summary>Keeps the K largest (all that tie with the K-th); 0 = all.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>Keeps the smallest set whose probability reaches P; 1 = all. Range (0, 1].</summary>
    public float TopP { get; init; } = 0.95f;

    /// <summary>Keeps tokens of at least P times the largest probability; 0 = all. Range [0, 1].</summary>
    public float MinP { get; init; } = 0.05f;

    /// <summary>Locally typical sampling (Meister et al. 2022) with this mass; 1 = off. Range (0, 1].</summary>
    public float TypicalP { get; init; } = 1;

    /// <summary>Drops tokens below this probability (Hewitt et al. 2022); 0 = off. Range [0, 1).</summary>
    public float Epsilon { get; init; }

    /// <summary>Divides positive and multiplies negative logits of ids seen in prompt or output (Keskar et al. 2019); 1 = off. Range [0.01, 100].</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted once from the logit of each id already generated; 0 = off. Range [-100, 100].</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from the logit of an id for each time it was generated; 0 = off. Range [-100, 100].</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Added to logits, by id. Range [-1e6, 1e6], or negative infinity, which bans the id.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Seed of the draw; the same seed and logits give the same ids. Null = a fresh one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>The options that always take the most probable token.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Checks every range.</summary>
    /// <param name="vocabularySize">Ids lie in [0, vocabularySize).</param>
    /// <exception cref="InputException">A value lies outside its range; the sentence names the option, the value and the range.</exception>
    public void Validate(int vocabularySize)
    {
        Check("temperature", Temperature, Temperature is >= 0 and <= 100, "from 0 (greedy) to 100");
        Check("top-k", TopK, TopK >= 0, "0 (all) or more");
        Check("top-p", TopP, TopP is > 0 and <= 1, "above 0, up to 1 (all)");
        Check("min-p", MinP, MinP is >= 0 and <= 1, "from 0 (all) to 1");
        Check("typical", TypicalP, TypicalP is > 0 and <= 1, "above 0, up to 1 (off)");
        Check("epsilon", Epsilon, Epsilon is >= 0 and < 1, "from 0 (off), below 1");
        Check(
            "repetition penalty",
            RepetitionPenalty,
            RepetitionPenalty is >= 0.01f and <= 100,
            "from 0.01 to 100, 1 being off"
        );
        Check(
            "presence penalty",
            PresencePenalty,
            PresencePenalty is >= -100 and <= 100,
            "from -100 to 100, 0 being off"
        );
        Check(
            "frequency penalty",
            FrequencyPenalty,
            FrequencyPenalty is >= -100 and <= 100,
            "from -100 to 100, 0 being off"
        );
        foreach (var (id, bias) in LogitBias)
        {
            if ((uint)id >= (uint)vocabularySize)
            {
                throw new InputException(
                    $"The logit bias names token {id}, but ids go from 0 to {vocabularySize - 1}."
                );
            }

            Check(
                $"logit bias of token {id}",
                bias,
                bias is (>= -1e6f and <= 1e6f) or float.NegativeInfinity,
                "from -1e6 to 1e6, or -infinity (banned)"
            );
        }
    }

    private static void Check(string name, float value, bool holds, string range)
    {
        if (!holds)
        {
            throw new InputException($"The {name} is {value}; it must be {range}.");
        }
    }
}

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

    /// <summary>Divides positive and multiplies negative logits of ids seen in prompt or output (Keskar et al. 2019); 1 = off. Above 0.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted once from the logit of each id already generated; 0 = off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from the logit of an id for each time it was generated; 0 = off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Added to logits, by id.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Seed of the draw; the same seed and logits give the same ids. Null = a fresh one.</summary>
    public ulong? Seed { get; init; }
}

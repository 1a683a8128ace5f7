namespace Puna.Engine.Plan;

/// <summary>Rotary embedding: frequencies and their scaling, as the model's file states them.</summary>
public sealed record RopeConfig
{
    /// <summary>Base of the frequencies theta^(-2i/d).</summary>
    public double Theta { get; init; } = 10000;

    /// <summary>The scaling rule.</summary>
    public RopeScalingKind Scaling { get; init; }

    /// <summary>Factor of Linear, Llama3 and Yarn.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>Context that the model was pretrained with (Llama3, Yarn).</summary>
    public int OriginalContext { get; init; }

    /// <summary>Llama3: low_freq_factor.</summary>
    public double LowFrequencyFactor { get; init; } = 1;

    /// <summary>Llama3: high_freq_factor.</summary>
    public double HighFrequencyFactor { get; init; } = 4;

    /// <summary>Yarn: beta_fast.</summary>
    public double BetaFast { get; init; } = 32;

    /// <summary>Yarn: beta_slow.</summary>
    public double BetaSlow { get; init; } = 1;

    /// <summary>
    /// Yarn: attention_factor, multiplies sine and cosine; null means 0.1 ln(factor) + 1, or 1 for a factor of at most 1
    /// (Peng et al. 2023, equation 22). A file's mscale and mscale_all_dim are already folded into it.
    /// </summary>
    public double? AttentionFactor { get; init; }

    /// <summary>Yarn: the borders of the ramp are rounded outwards to whole frequencies (truncate, true unless the file says no).</summary>
    public bool YarnTruncate { get; init; } = true;

    /// <summary>Factors: one divisor per frequency, [headDim / 2].</summary>
    public IReadOnlyList<float>? FrequencyFactors { get; init; }
}

namespace Puna.Engine.Plan;

/// <summary>How rotary frequencies are changed to reach beyond the pretrained context.</summary>
public enum RopeScalingKind
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Every frequency is divided by the factor (position interpolation).</summary>
    Linear,

    /// <summary>Llama 3.1's rule: low frequencies divided, high kept, smooth in between.</summary>
    Llama3,

    /// <summary>YaRN (Peng et al. 2023): a ramp between both, and an attention factor.</summary>
    Yarn,

    /// <summary>Each frequency is divided by a number of its own, given as a tensor (GGUF's rope_freqs).</summary>
    Factors,
}

namespace Puna.Engine.Plan;

/// <summary>Inverse frequencies of the rotary embedding under each scaling rule.</summary>
internal static class RotaryFrequencies
{
    /// <summary>
    /// Inverse frequencies, [headDim / 2]: theta^(-2i/d) changed by the rule, and the factor that multiplies sine and
    /// cosine (1 except for YaRN).
    /// </summary>
    public static (float[] InverseFrequencies, float Magnitude) Compute(
        RopeConfig rope,
        int headDim
    )
    {
        var plain = new double[headDim / 2];
        for (var index = 0; index < plain.Length; index++)
        {
            plain[index] = Math.Pow(rope.Theta, -2.0 * index / headDim);
        }

        var scaled = rope.Scaling switch
        {
            RopeScalingKind.None => plain,
            RopeScalingKind.Linear => [.. plain.Select(frequency => frequency / rope.Factor)],
            RopeScalingKind.Llama3 => [.. plain.Select(frequency => Llama3(rope, frequency))],
            RopeScalingKind.Yarn => Yarn(rope, plain, headDim),
            RopeScalingKind.Factors =>
            [
                .. plain.Select((frequency, index) => frequency / rope.FrequencyFactors![index]),
            ],
            _ => throw new InputException($"The rope scaling {rope.Scaling} is not known."),
        };
        var magnitude =
            rope.Scaling == RopeScalingKind.Yarn
                ? rope.AttentionFactor ?? DefaultYarnMagnitude(rope.Factor)
                : 1;
        return ([.. scaled.Select(frequency => (float)frequency)], (float)magnitude);
    }

    private static double DefaultYarnMagnitude(double factor) =>
        factor <= 1 ? 1 : 0.1 * Math.Log(factor) + 1;

    // Wave lengths above original / low are divided by the factor, those below original / high are kept, a linear
    // blend lies in between (the rule published with Llama 3.1).
    private static double Llama3(RopeConfig rope, double frequency)
    {
        var waveLength = 2 * Math.PI / frequency;
        if (waveLength < rope.OriginalContext / rope.HighFrequencyFactor)
        {
            return frequency;
        }

        if (waveLength > rope.OriginalContext / rope.LowFrequencyFactor)
        {
            return frequency / rope.Factor;
        }

        var blend =
            (rope.OriginalContext / waveLength - rope.LowFrequencyFactor)
            / (rope.HighFrequencyFactor - rope.LowFrequencyFactor);
        return (1 - blend) * frequency / rope.Factor + blend * frequency;
    }

    // YaRN (Peng et al. 2023), section 3.2: channels that turn more than betaFast times within the original context
    // keep their frequency, those that turn less than betaSlow times are interpolated, with a ramp in between.
    private static double[] Yarn(RopeConfig rope, double[] plain, int headDim)
    {
        double ChannelOf(double turns) =>
            headDim
            * Math.Log(rope.OriginalContext / (turns * 2 * Math.PI))
            / (2 * Math.Log(rope.Theta));

        var (low, high) = (ChannelOf(rope.BetaFast), ChannelOf(rope.BetaSlow));
        if (rope.YarnTruncate)
        {
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        }

        (low, high) = (Math.Max(low, 0), Math.Min(high, headDim - 1));
        if (high <= low)
        {
            // Keeps the ramp from a division by zero.
            high = low + 0.001;
        }

        var scaled = new double[plain.Length];
        for (var index = 0; index < plain.Length; index++)
        {
            var interpolated = Math.Clamp((index - low) / (high - low), 0, 1);
            scaled[index] =
                plain[index] / rope.Factor * interpolated + plain[index] * (1 - interpolated);
        }

        return scaled;
    }
}

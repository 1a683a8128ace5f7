using Puna.Engine.Files.Json;
using Puna.Engine.Plan;

namespace Puna.Engine.Files.Models;

/// <summary>The rotary part of <c>config.json</c>, in both spellings.</summary>
internal static class HuggingFaceRope
{
    private const double DefaultTheta = 10000;
    private const double SmolLm3DefaultTheta = 2_000_000;

    public static RopeConfig Read(string path, string family, JsonFields config, int context)
    {
        var parameters = config.Object("rope_parameters") ?? config.Object("rope_scaling");
        var theta =
            parameters?.Number("rope_theta")
            ?? config.Number("rope_theta")
            ?? (family == "smollm3" ? SmolLm3DefaultTheta : DefaultTheta);
        if (parameters is not { } scaling)
        {
            return new RopeConfig { Theta = theta };
        }

        if ((scaling.Number("partial_rotary_factor") ?? 1) != 1)
        {
            throw new InputException(
                $"'{path}' rotates only a part of each head (partial_rotary_factor); only 1 can be run."
            );
        }

        // "type" is the spelling before "rope_type".
        var kind = scaling.Text("rope_type") ?? scaling.Text("type") ?? "default";
        var rope = new RopeConfig { Theta = theta };
        return kind switch
        {
            "default" => rope,
            "linear" => rope with
            {
                Scaling = RopeScalingKind.Linear,
                Factor = Need(path, scaling, "factor"),
            },
            "llama3" => rope with
            {
                Scaling = RopeScalingKind.Llama3,
                Factor = Need(path, scaling, "factor"),
                LowFrequencyFactor = Need(path, scaling, "low_freq_factor"),
                HighFrequencyFactor = Need(path, scaling, "high_freq_factor"),
                OriginalContext = scaling.Integer("original_max_position_embeddings"),
            },
            "yarn" => Yarn(rope, scaling, context),
            _ => throw new InputException(
                $"'{path}' asks for the rotary scaling '{PrintableText.Short(kind)}'; default, linear, llama3 and yarn can be run."
            ),
        };
    }

    private static RopeConfig Yarn(RopeConfig rope, JsonFields scaling, int context)
    {
        var original = scaling.OptionalInteger("original_max_position_embeddings") ?? context;
        var factor = scaling.Number("factor") ?? (double)context / original;
        return rope with
        {
            Scaling = RopeScalingKind.Yarn,
            Factor = factor,
            OriginalContext = original,
            BetaFast = scaling.Number("beta_fast") ?? 32,
            BetaSlow = scaling.Number("beta_slow") ?? 1,
            AttentionFactor = scaling.Number("attention_factor") ?? FromScales(scaling, factor),
            YarnTruncate = scaling.Flag("truncate") ?? true,
        };
    }

    /// <summary>DeepSeek's form of the attention factor: a quotient of two temperatures.</summary>
    private static double? FromScales(JsonFields scaling, double factor)
    {
        if (
            scaling.Number("mscale") is not { } above
            || scaling.Number("mscale_all_dim") is not { } below
            || above == 0
            || below == 0
        )
        {
            return null;
        }

        return Temperature(factor, above) / Temperature(factor, below);
    }

    private static double Temperature(double factor, double scale) =>
        factor <= 1 ? 1 : 0.1 * scale * Math.Log(factor) + 1;

    private static double Need(string path, JsonFields scaling, string name) =>
        scaling.Number(name)
        ?? throw new InputException(
            $"'{path}' lacks the field '{name}' in its rotary scaling (rope_scaling or rope_parameters)."
        );
}

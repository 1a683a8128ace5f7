using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Writing;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Models;

/// <summary>States a model's configuration in GGUF metadata, the reverse of <see cref="GgufConfig"/>.</summary>
internal static class GgufModelMetadata
{
    private const uint QuantizationVersion = 2;

    /// <summary>The architecture that GGUF has for a family.</summary>
    /// <exception cref="InputException">It has none, or cannot state this configuration.</exception>
    public static string Architecture(LayerPlan plan)
    {
        if (!plan.IsPlain)
        {
            throw new InputException(
                $"The plan '{plan.Name}' cannot be written as GGUF, which cannot state that {Difference(plan)}; write a folder or a .safetensors file instead."
            );
        }

        return Architecture(plan.Config);
    }

    /// <summary>The architecture that GGUF has for the family of a plain model.</summary>
    /// <exception cref="InputException">It has none, or cannot state this configuration.</exception>
    public static string Architecture(ModelConfig config)
    {
        var family = config.Family == "mistral" ? "llama" : config.Family;
        if (!GgufFamilies.All.Contains(family))
        {
            throw new InputException(
                $"A {config.Family} model cannot be written as GGUF, which has no architecture for it; write a folder or a .safetensors file instead."
            );
        }

        if (config.SlidingWindow > 0 && family != "llama")
        {
            throw new InputException(
                $"This {config.Family} model has layers with a sliding window, which GGUF cannot state for that architecture; write a folder or a .safetensors file instead."
            );
        }

        var implied = Enumerable
            .Range(0, config.Layers)
            .Where(layer =>
                family == "smollm3" && (layer + 1) % GgufFamilies.SmolLm3NoRopeInterval == 0
            );
        if (!config.LayersWithoutRope.SequenceEqual(implied))
        {
            throw new InputException(
                $"This {config.Family} model leaves other layers unrotated than every {GgufFamilies.SmolLm3NoRopeInterval}th, which GGUF cannot state; write a folder or a .safetensors file instead."
            );
        }

        if (config.Rope is { Scaling: RopeScalingKind.Yarn, YarnTruncate: false })
        {
            throw new InputException(
                "This model's YaRN ramp has unrounded borders (truncate: false), which GGUF cannot state; write a folder or a .safetensors file instead."
            );
        }

        return family;
    }

    /// <summary>Adds everything but the tokenizer.</summary>
    public static void Add(GgufWriter writer, ModelConfig config, string name, WeightFormat format)
    {
        var family = Architecture(config);
        writer.Add("general.architecture", family);
        writer.Add("general.type", "model");
        writer.Add("general.name", name);
        writer.Add($"{family}.block_count", (uint)config.Layers);
        writer.Add($"{family}.context_length", (uint)config.ContextLength);
        writer.Add($"{family}.embedding_length", (uint)config.HiddenSize);
        writer.Add($"{family}.feed_forward_length", (uint)config.IntermediateSize);
        writer.Add($"{family}.attention.head_count", (uint)config.Heads);
        writer.Add($"{family}.attention.head_count_kv", (uint)config.KvHeads);
        writer.Add($"{family}.attention.key_length", (uint)config.HeadDim);
        writer.Add($"{family}.attention.value_length", (uint)config.HeadDim);
        writer.Add($"{family}.attention.layer_norm_rms_epsilon", config.NormEpsilon);
        writer.Add($"{family}.vocab_size", (uint)config.VocabularySize);
        AddRope(writer, family, config);
        if (config.SlidingWindow > 0)
        {
            writer.Add($"{family}.attention.sliding_window", (uint)config.SlidingWindow);
        }

        if (family == "granite")
        {
            writer.Add("granite.embedding_scale", config.EmbeddingMultiplier);
            writer.Add("granite.residual_scale", config.ResidualMultiplier);
            writer.Add("granite.logit_scale", 1 / config.LogitsMultiplier);
            writer.Add(
                "granite.attention.scale",
                config.AttentionMultiplier ?? 1 / MathF.Sqrt(config.HeadDim)
            );
        }

        AddFileType(writer, format);
    }

    /// <summary>Adds the entries that state how the weights are coded; not every format has a number for whole files.</summary>
    public static void AddFileType(GgufWriter writer, WeightFormat format)
    {
        if (format.GgufFileType is { } number)
        {
            writer.Add("general.file_type", number);
        }

        writer.Add("general.quantization_version", QuantizationVersion);
    }

    /// <summary>The tensor of rotary divisors, where the scaling needs one: Llama 3's rule is stored as its result.</summary>
    public static OutputTensor? RotaryFactors(ModelConfig config)
    {
        var factors = config.Rope.Scaling switch
        {
            RopeScalingKind.Factors => [.. config.Rope.FrequencyFactors!],
            RopeScalingKind.Llama3 => Llama3Factors.Of(config.Rope, config.HeadDim),
            _ => null,
        };
        return factors is null
            ? null
            : new OutputTensor(
                GgufNames.RotaryFactors,
                [factors.Length],
                WeightFormats.F32,
                new ValueRow(factors)
            );
    }

    private static string Difference(LayerPlan plan)
    {
        var reader = plan.Readers().GroupBy(pair => pair.Producer).FirstOrDefault();
        return reader is null
            ? "its layers differ from those that its configuration describes"
            : $"layer {string.Join(", ", reader.Select(pair => pair.Layer))} reads the keys and values of layer {reader.Key}";
    }

    private static void AddRope(GgufWriter writer, string family, ModelConfig config)
    {
        var rope = config.Rope;
        var prefix = $"{family}.rope.scaling.";
        writer.Add($"{family}.rope.dimension_count", (uint)config.HeadDim);
        writer.Add($"{family}.rope.freq_base", (float)rope.Theta);
        if (rope.Scaling is not (RopeScalingKind.Linear or RopeScalingKind.Yarn))
        {
            return;
        }

        writer.Add(prefix + "type", rope.Scaling == RopeScalingKind.Linear ? "linear" : "yarn");
        writer.Add(prefix + "factor", (float)rope.Factor);
        if (rope.Scaling == RopeScalingKind.Linear)
        {
            return;
        }

        writer.Add(prefix + "original_context_length", (uint)rope.OriginalContext);
        writer.Add(prefix + "yarn_beta_fast", (float)rope.BetaFast);
        writer.Add(prefix + "yarn_beta_slow", (float)rope.BetaSlow);
        if (rope.AttentionFactor is { } factor)
        {
            // GGUF's attn_factor multiplies YaRN's own factor, which ours replaces.
            var own = rope.Factor <= 1 ? 1 : 0.1 * Math.Log(rope.Factor) + 1;
            writer.Add(prefix + "attn_factor", (float)(factor / own));
        }
    }
}

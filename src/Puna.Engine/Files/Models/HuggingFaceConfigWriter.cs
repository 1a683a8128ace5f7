using System.Text.Json;
using System.Text.Json.Nodes;
using Puna.Engine.Files.Json;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Models;

/// <summary>Writes a <c>config.json</c>, the reverse of <see cref="HuggingFaceConfig"/>, in the older spelling that every version of transformers reads.</summary>
internal static class HuggingFaceConfigWriter
{
    private static readonly JsonWriterOptions s_options = new() { Indented = true };

    /// <summary>The file of a model.</summary>
    /// <exception cref="InputException">The configuration has rotary divisors that Hugging Face's form cannot state.</exception>
    public static byte[] Write(LayerPlan plan, WeightFormat format)
    {
        var config = plan.Config;
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray(ArchitectureOf(config.Family)),
            ["model_type"] = config.Family,
            ["hidden_act"] = "silu",
            ["hidden_size"] = config.HiddenSize,
            ["intermediate_size"] = config.IntermediateSize,
            ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads,
            ["num_key_value_heads"] = config.KvHeads,
            ["head_dim"] = config.HeadDim,
            ["vocab_size"] = config.VocabularySize,
            ["max_position_embeddings"] = config.ContextLength,
            ["rms_norm_eps"] = Shortest(config.NormEpsilon),
            ["tie_word_embeddings"] = config.TieEmbeddings,
            ["rope_theta"] = config.Rope.Theta,
            ["rope_scaling"] = Scaling(config),
            ["attention_bias"] = config.AttentionInputBias && config.AttentionOutputBias,
            ["mlp_bias"] = config.MlpBias,
            ["bos_token_id"] = config.BosId,
            ["eos_token_id"] = config.EosIds.Count switch
            {
                0 => null,
                1 => config.EosIds[0],
                _ => new JsonArray([.. config.EosIds.Select(id => (JsonNode)id)]),
            },
            ["torch_dtype"] = DtypeOf(format),
        };
        RequireBiases(config);
        AddWindow(json, config);
        AddMultipliers(json, config);
        if (config.Family == "smollm3")
        {
            json["no_rope_layers"] = new JsonArray([
                .. Enumerable
                    .Range(0, config.Layers)
                    .Select(layer => (JsonNode)(config.LayersWithoutRope.Contains(layer) ? 0 : 1)),
            ]);
        }

        NamePlan(json, plan);
        return Bytes(json);
    }

    /// <summary>An existing file with the element type and the plan changed and everything else kept.</summary>
    public static byte[] Rewrite(string path, LayerPlan plan, WeightFormat format)
    {
        using var document = JsonFile.Open(path, 16 << 20);
        var json = JsonObject.Create(document.RootElement)!;
        var spelling = json.ContainsKey("dtype") ? "dtype" : "torch_dtype";
        json[spelling] = DtypeOf(format);
        NamePlan(json, plan);
        return Bytes(json);
    }

    private static void NamePlan(JsonObject json, LayerPlan plan)
    {
        json.Remove(HuggingFaceConfig.PlanField);
        if (!plan.IsPlain)
        {
            json[HuggingFaceConfig.PlanField] = plan.Name;
        }
    }

    private static byte[] Bytes(JsonObject json)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteTo(writer);
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }

    private static string ArchitectureOf(string family) =>
        family switch
        {
            "llama" => "LlamaForCausalLM",
            "mistral" => "MistralForCausalLM",
            "qwen2" => "Qwen2ForCausalLM",
            "qwen3" => "Qwen3ForCausalLM",
            "smollm3" => "SmolLM3ForCausalLM",
            "granite" => "GraniteForCausalLM",
            _ => "HyperCLOVAXForCausalLM",
        };

    private static string DtypeOf(WeightFormat format) =>
        format == WeightFormats.F16 ? "float16"
        : format == WeightFormats.BF16 ? "bfloat16"
        : "float32";

    /// <summary>1e-5f becomes 1e-5 in the file, not 9.999999747378752e-6.</summary>
    private static double Shortest(float value) => double.Parse(value.ToString("R"));

    /// <summary>Hugging Face has one switch for all attention biases, except in qwen2 where q, k and v always have one.</summary>
    private static void RequireBiases(ModelConfig config)
    {
        var expected =
            config.Family == "qwen2"
                ? (true, false)
                : (config.AttentionInputBias, config.AttentionInputBias);
        if ((config.AttentionInputBias, config.AttentionOutputBias) != expected)
        {
            throw new InputException(
                $"This {config.Family} model has biases on some attention projections only, which a config.json of that family cannot state; write a .gguf file instead."
            );
        }
    }

    private static void AddWindow(JsonObject json, ModelConfig config)
    {
        switch (config.Family)
        {
            case "mistral":
                json["sliding_window"] = config.SlidingWindow > 0 ? config.SlidingWindow : null;
                break;
            case "llama" when config.SlidingWindow > 0:
                // Mistral's form is llama's with a window.
                json["model_type"] = "mistral";
                json["architectures"] = new JsonArray(ArchitectureOf("mistral"));
                json["sliding_window"] = config.SlidingWindow;
                break;
            case "qwen2" or "qwen3" or "smollm3":
                var windowed = config.WindowedLayers ?? [];
                json["use_sliding_window"] = config.SlidingWindow > 0;
                json["sliding_window"] = config.SlidingWindow > 0 ? config.SlidingWindow : null;
                json["layer_types"] = new JsonArray([
                    .. Enumerable
                        .Range(0, config.Layers)
                        .Select(layer =>
                            (JsonNode)(
                                windowed.Contains(layer) ? "sliding_attention" : "full_attention"
                            )
                        ),
                ]);
                break;
            default:
                break;
        }
    }

    private static void AddMultipliers(JsonObject json, ModelConfig config)
    {
        if (config.Family is not ("granite" or "hyperclovax"))
        {
            return;
        }

        json["embedding_multiplier"] = Shortest(config.EmbeddingMultiplier);
        json["residual_multiplier"] = Shortest(config.ResidualMultiplier);
        json["logits_scaling"] = Shortest(
            config.Family == "granite" ? 1 / config.LogitsMultiplier : config.LogitsMultiplier
        );
        if (config.AttentionMultiplier is { } multiplier)
        {
            json["attention_multiplier"] = Shortest(multiplier);
        }
        else if (config.Family == "granite")
        {
            json["attention_multiplier"] = 1 / Math.Sqrt(config.HeadDim);
        }

        if (config.Family == "hyperclovax")
        {
            json["use_post_norm"] = config.PostNorm;
        }
    }

    private static JsonObject? Scaling(ModelConfig config)
    {
        var rope = config.Rope;
        if (rope.Scaling == RopeScalingKind.Factors)
        {
            rope =
                Llama3Factors.Recognise(rope, config.HeadDim)
                ?? throw new InputException(
                    "This model has rotary frequency factors that follow no rule known to config.json; write a .gguf file instead."
                );
        }

        switch (rope.Scaling)
        {
            case RopeScalingKind.Linear:
                return new JsonObject { ["rope_type"] = "linear", ["factor"] = rope.Factor };
            case RopeScalingKind.Llama3:
                return new JsonObject
                {
                    ["rope_type"] = "llama3",
                    ["factor"] = rope.Factor,
                    ["low_freq_factor"] = rope.LowFrequencyFactor,
                    ["high_freq_factor"] = rope.HighFrequencyFactor,
                    ["original_max_position_embeddings"] = rope.OriginalContext,
                };
            case RopeScalingKind.Yarn:
                var yarn = new JsonObject
                {
                    ["rope_type"] = "yarn",
                    ["factor"] = rope.Factor,
                    ["original_max_position_embeddings"] = rope.OriginalContext,
                    ["beta_fast"] = rope.BetaFast,
                    ["beta_slow"] = rope.BetaSlow,
                };
                if (rope.AttentionFactor is { } factor)
                {
                    yarn["attention_factor"] = factor;
                }

                if (!rope.YarnTruncate)
                {
                    yarn["truncate"] = false;
                }

                return yarn;
            default:
                return null;
        }
    }
}

using System.Text.Json;
using Puna.Engine.Files.Json;
using Puna.Engine.Plan;

namespace Puna.Engine.Files.Models;

/// <summary>
/// Maps a Hugging Face <c>config.json</c> to <see cref="ModelConfig"/>, in the older spelling (rope_theta,
/// rope_scaling, torch_dtype) and the newer (rope_parameters, dtype). Where a field is absent, the default of that
/// family's configuration class holds.
/// </summary>
internal static class HuggingFaceConfig
{
    /// <summary>The field that names the plan of the weights, where that is not what the configuration describes.</summary>
    public const string PlanField = "puna_plan";

    private const int LargestFile = 16 << 20;
    private const int DefaultWindowStart = 28;
    private const int MistralDefaultWindow = 4096;
    private const int DefaultNoRopeInterval = 4;

    /// <summary>Reads the configuration.</summary>
    /// <param name="path">Path of config.json.</param>
    /// <param name="hasOutputMatrix">Whether the weights have an lm_head: settles a file that does not say whether it is tied.</param>
    /// <exception cref="InputException">The file cannot be read, or states what cannot be run.</exception>
    public static ModelConfig Read(string path, bool hasOutputMatrix)
    {
        using var document = JsonFile.Open(path, LargestFile);
        var fields = new JsonFields(path, document.RootElement);
        var family = ReadFamily(path, fields);
        RequireRunnable(path, fields);

        var layers = fields.Integer("num_hidden_layers");
        var heads = fields.Integer("num_attention_heads");
        var hidden = fields.Integer("hidden_size");
        if (layers is < 1 or > 4096)
        {
            throw new InputException($"'{path}' states {layers} layers; 1 to 4096 are accepted.");
        }

        var context = fields.Integer("max_position_embeddings");
        var attentionBias = family != "mistral" && (fields.Flag("attention_bias") ?? false);
        var scale = (float)(fields.Number("logits_scaling") ?? 1);
        var noRope = LayersWithoutRope(path, family, fields, layers);
        var (window, windowed) = Window(path, family, fields, layers, noRope);
        var config = new ModelConfig
        {
            Family = family,
            HiddenSize = hidden,
            IntermediateSize = fields.Integer("intermediate_size"),
            Layers = layers,
            Heads = heads,
            KvHeads = fields.OptionalInteger("num_key_value_heads") ?? heads,
            HeadDim = fields.OptionalInteger("head_dim") ?? HeadDim(path, hidden, heads),
            VocabularySize = fields.Integer("vocab_size"),
            ContextLength = context,
            NormEpsilon = (float)(fields.Number("rms_norm_eps") ?? 1e-6),
            TieEmbeddings = fields.Flag("tie_word_embeddings") ?? !hasOutputMatrix,
            Rope = HuggingFaceRope.Read(path, family, fields, context),
            LayersWithoutRope = noRope,
            SlidingWindow = window,
            WindowedLayers = windowed,
            QueryKeyNorm = family == "qwen3",
            AttentionInputBias = family == "qwen2" || attentionBias,
            AttentionOutputBias = family != "qwen2" && attentionBias,
            MlpBias =
                family is "llama" or "granite" or "hyperclovax" or "smollm3"
                && (fields.Flag("mlp_bias") ?? false),
            PostNorm = family == "hyperclovax" && (fields.Flag("use_post_norm") ?? false),
            EmbeddingMultiplier = Multiplier(family, fields, "embedding_multiplier") ?? 1,
            // Granite's class has 1, not 1 / sqrt(head_dim), where the field is absent.
            AttentionMultiplier =
                Multiplier(family, fields, "attention_multiplier")
                ?? (family == "granite" ? 1 : null),
            ResidualMultiplier = Multiplier(family, fields, "residual_multiplier") ?? 1,
            LogitsMultiplier = family switch
            {
                "granite" => 1 / scale,
                "hyperclovax" => scale,
                _ => 1,
            },
            BosId = fields.OptionalInteger("bos_token_id"),
            EosIds = fields.Integers("eos_token_id") ?? [],
        };
        ModelConfigRules.Require(path, config);
        return config;
    }

    /// <summary>The name of the plan that the weights carry, or null when the configuration is the plan.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public static string? ReadPlanName(string path)
    {
        using var document = JsonFile.Open(path, LargestFile);
        return new JsonFields(path, document.RootElement).Text(PlanField);
    }

    /// <summary>The ids that end a sequence by <c>generation_config.json</c>; empty when there is no such file.</summary>
    public static IReadOnlyList<int> ReadGenerationEosIds(string path)
    {
        if (!System.IO.File.Exists(path))
        {
            return [];
        }

        using var document = JsonFile.Open(path, LargestFile);
        return new JsonFields(path, document.RootElement).Integers("eos_token_id") ?? [];
    }

    /// <summary>The fields as text, for people.</summary>
    public static List<KeyValuePair<string, string>> Describe(string path)
    {
        using var document = JsonFile.Open(path, LargestFile);
        return
        [
            .. document
                .RootElement.EnumerateObject()
                .Select(property =>
                    KeyValuePair.Create(
                        PrintableText.Short(property.Name),
                        PrintableText.Short(Raw(property.Value))
                    )
                ),
        ];
    }

    private static string Raw(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetRawText()[1..^1] : value.GetRawText();

    private static string ReadFamily(string path, JsonFields fields)
    {
        var family = fields.Text("model_type");
        if (family is null && fields.Texts("architectures") is [var architecture, ..])
        {
            const string Suffix = "ForCausalLM";
            family = architecture.EndsWith(Suffix, StringComparison.Ordinal)
                ? architecture[..^Suffix.Length].ToLowerInvariant()
                : architecture;
        }

        if (family is null)
        {
            throw new InputException(
                $"'{path}' lacks the field 'model_type'; known are {string.Join(", ", ModelFamilies.All)}."
            );
        }

        return ModelFamilies.All.Contains(family)
            ? family
            : throw ModelFamilies.Unknown(path, family, ModelFamilies.All);
    }

    private static void RequireRunnable(string path, JsonFields fields)
    {
        var activation = fields.Text("hidden_act") ?? "silu";
        if (activation is not ("silu" or "swish"))
        {
            throw new InputException(
                $"'{path}' asks for the activation '{PrintableText.Short(activation)}'; silu is the one that can be run."
            );
        }

        if (fields.Has("quantization_config"))
        {
            throw new InputException(
                $"'{path}' has a quantization_config, so its weights are packed in a way that cannot be read; give the f32, f16 or bf16 weights, or a GGUF file."
            );
        }

        var rotated = fields.Number("partial_rotary_factor") ?? 1;
        if (rotated != 1)
        {
            throw new InputException(
                $"'{path}' rotates only {rotated} of each head (partial_rotary_factor); only 1 can be run."
            );
        }
    }

    private static int HeadDim(string path, int hidden, int heads) =>
        heads > 0 && hidden % heads == 0
            ? hidden / heads
            : throw new InputException(
                $"'{path}' states a hidden size of {hidden} for {heads} heads and no head_dim; the second must divide the first."
            );

    private static float? Multiplier(string family, JsonFields fields, string name) =>
        family is "granite" or "hyperclovax" ? (float?)fields.Number(name) : null;

    private static List<int> LayersWithoutRope(
        string path,
        string family,
        JsonFields fields,
        int layers
    )
    {
        if (family != "smollm3")
        {
            return [];
        }

        if (fields.Integers("no_rope_layers") is { } rotated)
        {
            return rotated.Length == layers
                ? [.. Enumerable.Range(0, layers).Where(layer => rotated[layer] == 0)]
                : throw new InputException(
                    $"'{path}' has {rotated.Length} entries in 'no_rope_layers' for {layers} layers."
                );
        }

        var interval = fields.OptionalInteger("no_rope_layer_interval") ?? DefaultNoRopeInterval;
        return interval > 0
            ? [.. Enumerable.Range(0, layers).Where(layer => (layer + 1) % interval == 0)]
            : throw new InputException(
                $"'{path}' has {interval} in 'no_rope_layer_interval'; it must be positive."
            );
    }

    private static (int Window, IReadOnlyList<int>? Layers) Window(
        string path,
        string family,
        JsonFields fields,
        int layers,
        List<int> noRope
    )
    {
        if (family == "mistral")
        {
            var mistral = fields.IsWritten("sliding_window")
                ? fields.OptionalInteger("sliding_window")
                : MistralDefaultWindow;
            return (mistral ?? 0, null);
        }

        if (
            family is not ("qwen2" or "qwen3" or "smollm3")
            || fields.Flag("use_sliding_window") != true
            || fields.OptionalInteger("sliding_window") is not { } window
        )
        {
            return (0, null);
        }

        IReadOnlyList<int> windowed;
        if (fields.Texts("layer_types") is { } types)
        {
            if (types.Length != layers)
            {
                throw new InputException(
                    $"'{path}' has {types.Length} entries in 'layer_types' for {layers} layers."
                );
            }

            var unknown = types.FirstOrDefault(type =>
                type is not ("sliding_attention" or "full_attention")
            );
            if (unknown is not null)
            {
                throw new InputException(
                    $"'{path}' has a layer of the type '{PrintableText.Short(unknown)}'; full_attention and sliding_attention can be run."
                );
            }

            windowed = [.. Enumerable.Range(0, layers).Where(i => types[i] == "sliding_attention")];
        }
        else if (family == "smollm3")
        {
            windowed = noRope;
        }
        else
        {
            var first = fields.OptionalInteger("max_window_layers") ?? DefaultWindowStart;
            windowed = [.. Enumerable.Range(0, layers).Where(layer => layer >= first)];
        }

        return windowed.Count == 0 ? (0, null) : (window, windowed);
    }
}

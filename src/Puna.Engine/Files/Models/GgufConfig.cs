using System.Runtime.InteropServices;
using Puna.Engine.Files.Gguf;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Models;

/// <summary>Maps the metadata of a GGUF file to <see cref="ModelConfig"/>. Biases and tying follow from the tensors present.</summary>
internal static class GgufConfig
{
    private const double DefaultTheta = 10000;

    /// <summary>Reads the configuration.</summary>
    /// <exception cref="InputException">A key is missing or wrong, or states what cannot be run.</exception>
    public static ModelConfig Read(GgufFile file)
    {
        if (file.Text("general.type") is { } kind and not "model")
        {
            throw new InputException(
                $"'{file.Path}' is no model: its metadata 'general.type' is '{PrintableText.Short(kind)}'; give the model that it belongs to."
            );
        }

        var family =
            file.Text("general.architecture")
            ?? throw new InputException(
                $"'{file.Path}' lacks the metadata 'general.architecture'; known are {string.Join(", ", GgufFamilies.All)}."
            );
        if (!GgufFamilies.All.Contains(family))
        {
            throw ModelFamilies.Unknown(file.Path, family, GgufFamilies.All);
        }

        RequireRunnable(file, family);
        var tensors = file.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        if (
            !tensors.TryGetValue("token_embd.weight", out var embedding)
            || embedding.Shape.Count != 2
        )
        {
            throw new InputException(
                file.Tensors.Count == 0
                    ? $"'{file.Path}' holds a vocabulary and no weights."
                    : $"'{file.Path}' lacks the matrix 'token_embd.weight'."
            );
        }

        var hidden = Size(file, $"{family}.embedding_length");
        var heads = Size(file, $"{family}.attention.head_count");
        var layers = Size(file, $"{family}.block_count");
        var headDim = HeadDim(file, family, hidden, heads);
        if (layers > 4096)
        {
            throw new InputException(
                $"'{file.Path}' states {layers} layers; 1 to 4096 are accepted."
            );
        }

        var context = Size(file, $"{family}.context_length");
        var config = new ModelConfig
        {
            Family = family,
            HiddenSize = hidden,
            IntermediateSize = Size(file, $"{family}.feed_forward_length"),
            Layers = layers,
            Heads = heads,
            KvHeads = file.Contains($"{family}.attention.head_count_kv")
                ? Size(file, $"{family}.attention.head_count_kv")
                : heads,
            HeadDim = headDim,
            VocabularySize = (int)Math.Min(embedding.Shape[0], int.MaxValue),
            ContextLength = context,
            NormEpsilon = (float)(
                file.Number($"{family}.attention.layer_norm_rms_epsilon")
                ?? throw Missing(file, $"{family}.attention.layer_norm_rms_epsilon")
            ),
            TieEmbeddings = !tensors.ContainsKey("output.weight"),
            Rope = Rope(file, family, tensors, headDim, context),
            LayersWithoutRope =
                family == "smollm3"
                    ?
                    [
                        .. Enumerable
                            .Range(0, layers)
                            .Where(layer => (layer + 1) % GgufFamilies.SmolLm3NoRopeInterval == 0),
                    ]
                    : [],
            SlidingWindow = family == "llama" ? Window(file) : 0,
            QueryKeyNorm = family == "qwen3",
            AttentionInputBias = tensors.ContainsKey("blk.0.attn_q.bias"),
            AttentionOutputBias = tensors.ContainsKey("blk.0.attn_output.bias"),
            MlpBias = tensors.ContainsKey("blk.0.ffn_gate.bias"),
            EmbeddingMultiplier = Multiplier(file, family, "embedding_scale") ?? 1,
            AttentionMultiplier = Multiplier(file, family, "attention.scale"),
            ResidualMultiplier = Multiplier(file, family, "residual_scale") ?? 1,
            LogitsMultiplier = 1 / (Multiplier(file, family, "logit_scale") ?? 1),
            BosId = Id(file, "tokenizer.ggml.bos_token_id"),
            EosIds = Id(file, "tokenizer.ggml.eos_token_id") is { } end ? [end] : [],
        };
        ModelConfigRules.Require(file.Path, config);
        return config;
    }

    private static void RequireRunnable(GgufFile file, string family)
    {
        if (file.Integer("split.count") is > 1 and var parts)
        {
            throw new InputException(
                $"'{file.Path}' is one of {parts} parts of a split model; join them into one file first."
            );
        }

        if (file.Integer($"{family}.expert_count") is > 0 and var experts)
        {
            throw new InputException(
                $"'{file.Path}' is a mixture of {experts} experts, which cannot be run; dense models of {string.Join(", ", GgufFamilies.All)} can."
            );
        }
    }

    /// <summary>A size; where a file gives one number for each layer, they must all be the same.</summary>
    private static int Size(GgufFile file, string key)
    {
        if (file.Find(key) is not { } entry)
        {
            throw Missing(file, key);
        }

        long size;
        if (entry.IsArray)
        {
            var sizes = file.Integers(key)!;
            size = sizes.Length > 0 ? sizes[0] : 0;
            if (sizes.Any(other => other != size))
            {
                throw new InputException(
                    $"'{file.Path}' has layers of different sizes in '{key}'; only equal ones can be run."
                );
            }
        }
        else
        {
            size = file.Integer(key)!.Value;
        }

        return size is > 0 and <= int.MaxValue
            ? (int)size
            : throw new InputException(
                $"'{file.Path}' states {size} in '{key}'; a positive number is needed."
            );
    }

    private static InputException Missing(GgufFile file, string key) =>
        new($"'{file.Path}' lacks the metadata '{key}'.");

    private static int HeadDim(GgufFile file, string family, int hidden, int heads)
    {
        var key = $"{family}.attention.key_length";
        var dim =
            file.Contains(key) ? Size(file, key)
            : hidden % heads == 0 ? hidden / heads
            : throw new InputException(
                $"'{file.Path}' states a hidden size of {hidden} for {heads} heads and no '{key}'; the second must divide the first."
            );
        foreach (var other in new[] { "attention.value_length", "rope.dimension_count" })
        {
            if (file.Integer($"{family}.{other}") is { } size && size != dim)
            {
                throw new InputException(
                    $"'{file.Path}' states {size} in '{family}.{other}', but a head has {dim}; only equal ones can be run."
                );
            }
        }

        return dim;
    }

    private static int Window(GgufFile file) =>
        file.Contains("llama.attention.sliding_window")
            ? Size(file, "llama.attention.sliding_window")
            : 0;

    private static float? Multiplier(GgufFile file, string family, string key) =>
        family == "granite" ? (float?)file.Number($"granite.{key}") : null;

    /// <summary>A token id; writers put -1 or 2^32 - 1 where there is none.</summary>
    private static int? Id(GgufFile file, string key) =>
        file.Integer(key) is { } id and not (-1 or uint.MaxValue)
            ? (int)Math.Clamp(id, int.MinValue, int.MaxValue)
            : null;

    private static RopeConfig Rope(
        GgufFile file,
        string family,
        Dictionary<string, GgufTensor> tensors,
        int headDim,
        int context
    )
    {
        var rope = new RopeConfig
        {
            Theta = file.Number($"{family}.rope.freq_base") ?? DefaultTheta,
        };
        var prefix = $"{family}.rope.scaling.";
        var kind = file.Text(prefix + "type") ?? "none";
        if (tensors.TryGetValue(GgufNames.RotaryFactors, out var factors))
        {
            return kind == "none"
                ? rope with
                {
                    Scaling = RopeScalingKind.Factors,
                    FrequencyFactors = Factors(file, factors, headDim),
                }
                : throw new InputException(
                    $"'{file.Path}' has both '{GgufNames.RotaryFactors}' and the rotary scaling '{PrintableText.Short(kind)}'; only one can be run."
                );
        }

        switch (kind)
        {
            case "none":
                // The key of files from before rope.scaling.
                return file.Number($"{family}.rope.scale_linear") is { } scale && scale != 1
                    ? rope with
                    {
                        Scaling = RopeScalingKind.Linear,
                        Factor = scale,
                    }
                    : rope;
            case "linear":
                return rope with
                {
                    Scaling = RopeScalingKind.Linear,
                    Factor =
                        file.Number(prefix + "factor") ?? throw Missing(file, prefix + "factor"),
                };
            case "yarn":
                return Yarn(file, rope, prefix, context);
            default:
                throw new InputException(
                    $"'{file.Path}' asks for the rotary scaling '{PrintableText.Short(kind)}'; none, linear and yarn can be run."
                );
        }
    }

    private static RopeConfig Yarn(GgufFile file, RopeConfig rope, string prefix, int context)
    {
        if (file.Number(prefix + "yarn_ext_factor") is { } extrapolation && extrapolation != 1)
        {
            throw new InputException(
                $"'{file.Path}' has a YaRN extrapolation factor of {extrapolation}; only 1 can be run."
            );
        }

        var factor = file.Number(prefix + "factor") ?? throw Missing(file, prefix + "factor");

        // attn_factor multiplies YaRN's own factor here, where Hugging Face's attention_factor replaces it.
        var own = factor <= 1 ? 1 : 0.1 * Math.Log(factor) + 1;
        var original = file.Integer(prefix + "original_context_length") ?? context;
        return rope with
        {
            Scaling = RopeScalingKind.Yarn,
            Factor = factor,
            OriginalContext = (int)Math.Clamp(original, 0, int.MaxValue),
            BetaFast = file.Number(prefix + "yarn_beta_fast") ?? 32,
            BetaSlow = file.Number(prefix + "yarn_beta_slow") ?? 1,
            AttentionFactor = file.Number(prefix + "attn_factor") is { } times ? own * times : null,
        };
    }

    private static float[] Factors(GgufFile file, GgufTensor tensor, int headDim)
    {
        if (
            tensor.Format != WeightFormats.F32
            || tensor.Shape.Count != 1
            || tensor.Shape[0] != headDim / 2
        )
        {
            throw new InputException(
                $"'{file.Path}' has '{tensor.Name}' as {tensor.Type.Name} [{string.Join(", ", tensor.Shape)}]; F32 [{headDim / 2}] is needed."
            );
        }

        return MemoryMarshal.Cast<byte, float>(file.Data(tensor).ToArray()).ToArray();
    }
}

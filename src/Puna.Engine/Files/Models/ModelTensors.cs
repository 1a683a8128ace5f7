using Puna.Engine.Files.Storage;
using Puna.Engine.Plan;

namespace Puna.Engine.Files.Models;

/// <summary>The tensors that a configuration asks for, by Hugging Face's names, and the check that a file has them.</summary>
public static class ModelTensors
{
    /// <summary>Name of the embedding.</summary>
    public const string Embedding = "model.embed_tokens.weight";

    /// <summary>Name of the last norm.</summary>
    public const string FinalNorm = "model.norm.weight";

    /// <summary>Name of the output matrix, absent when the embedding is tied.</summary>
    public const string Output = "lm_head.weight";

    /// <summary>Every tensor of the model, in the order of the forward pass.</summary>
    public static IEnumerable<TensorSlot> Of(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        var width = config.HiddenSize;
        yield return new TensorSlot(Embedding, config.VocabularySize, width);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            foreach (var slot in OfLayer(config, $"model.layers.{layer}."))
            {
                yield return slot;
            }
        }

        yield return new TensorSlot(FinalNorm, width, 0);
        if (!config.TieEmbeddings)
        {
            yield return new TensorSlot(Output, config.VocabularySize, width);
        }
    }

    /// <summary>
    /// Checks that every tensor is there with its shape, and that there is none that the model would not use: an
    /// unknown tensor means a computation that we would leave out.
    /// </summary>
    /// <exception cref="InputException">Something is missing, misshapen or unknown.</exception>
    internal static void Require(
        string path,
        ModelConfig config,
        IReadOnlyList<StoredTensor> tensors,
        Func<string, bool> mayIgnore
    )
    {
        var left = new Dictionary<string, StoredTensor>(tensors.Count, StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (!left.TryAdd(tensor.Name, tensor))
            {
                throw new InputException(
                    $"'{path}' has tensor '{PrintableText.Short(tensor.Name)}' twice."
                );
            }
        }

        foreach (var slot in Of(config))
        {
            if (!left.Remove(slot.Name, out var tensor))
            {
                throw new InputException(
                    $"'{path}' lacks tensor '{slot.Name}' of shape [{string.Join(", ", slot.Shape)}], which a {config.Family} model of {config.Layers} layers needs."
                );
            }

            if (!tensor.Shape.SequenceEqual(slot.Shape))
            {
                throw new InputException(
                    $"'{path}' has tensor '{PrintableText.Short(tensor.StoredName)}' of shape [{string.Join(", ", tensor.Shape)}], but its configuration asks for [{string.Join(", ", slot.Shape)}]."
                );
            }
        }

        foreach (var tensor in left.Values)
        {
            if (!mayIgnore(tensor.Name))
            {
                throw new InputException(
                    $"'{path}' has tensor '{PrintableText.Short(tensor.StoredName)}', which is no part of a {config.Family} model as its configuration describes it."
                );
            }
        }
    }

    private static IEnumerable<TensorSlot> OfLayer(ModelConfig config, string prefix)
    {
        var width = config.HiddenSize;
        var queries = config.Heads * config.HeadDim;
        var keys = config.KvHeads * config.HeadDim;
        var inner = config.IntermediateSize;
        yield return new TensorSlot(prefix + "input_layernorm.weight", width, 0);
        foreach (var (name, rows) in new[] { ("q", queries), ("k", keys), ("v", keys) })
        {
            yield return new TensorSlot($"{prefix}self_attn.{name}_proj.weight", rows, width);
            if (config.AttentionInputBias)
            {
                yield return new TensorSlot($"{prefix}self_attn.{name}_proj.bias", rows, 0);
            }
        }

        if (config.QueryKeyNorm)
        {
            yield return new TensorSlot(prefix + "self_attn.q_norm.weight", config.HeadDim, 0);
            yield return new TensorSlot(prefix + "self_attn.k_norm.weight", config.HeadDim, 0);
        }

        yield return new TensorSlot(prefix + "self_attn.o_proj.weight", width, queries);
        if (config.AttentionOutputBias)
        {
            yield return new TensorSlot(prefix + "self_attn.o_proj.bias", width, 0);
        }

        if (config.PostNorm)
        {
            yield return new TensorSlot(prefix + "post_norm1.weight", width, 0);
        }

        yield return new TensorSlot(prefix + "post_attention_layernorm.weight", width, 0);
        foreach (
            var (name, rows, columns) in new[]
            {
                ("gate", inner, width),
                ("up", inner, width),
                ("down", width, inner),
            }
        )
        {
            yield return new TensorSlot($"{prefix}mlp.{name}_proj.weight", rows, columns);
            if (config.MlpBias)
            {
                yield return new TensorSlot($"{prefix}mlp.{name}_proj.bias", rows, 0);
            }
        }

        if (config.PostNorm)
        {
            yield return new TensorSlot(prefix + "post_norm2.weight", width, 0);
        }
    }
}

namespace Puna.Engine.Files.Models;

/// <summary>GGUF's tensor names and Hugging Face's.</summary>
internal static class GgufNames
{
    /// <summary>The tensor of rotary frequency factors, which belongs to the configuration.</summary>
    public const string RotaryFactors = "rope_freqs.weight";

    private const string StoredLayer = "blk.";
    private const string Layer = "model.layers.";

    private static readonly (string Stored, string Name)[] s_global =
    [
        ("token_embd.weight", ModelTensors.Embedding),
        ("output_norm.weight", ModelTensors.FinalNorm),
        ("output.weight", ModelTensors.Output),
    ];

    private static readonly (string Stored, string Name)[] s_ofLayer =
    [
        ("attn_norm", "input_layernorm"),
        ("attn_q", "self_attn.q_proj"),
        ("attn_k", "self_attn.k_proj"),
        ("attn_v", "self_attn.v_proj"),
        ("attn_output", "self_attn.o_proj"),
        ("attn_q_norm", "self_attn.q_norm"),
        ("attn_k_norm", "self_attn.k_norm"),
        ("ffn_norm", "post_attention_layernorm"),
        ("ffn_gate", "mlp.gate_proj"),
        ("ffn_up", "mlp.up_proj"),
        ("ffn_down", "mlp.down_proj"),
    ];

    private static readonly Dictionary<string, string> s_toName = s_ofLayer.ToDictionary(
        pair => pair.Stored,
        pair => pair.Name,
        StringComparer.Ordinal
    );

    private static readonly Dictionary<string, string> s_toStored = s_ofLayer.ToDictionary(
        pair => pair.Name,
        pair => pair.Stored,
        StringComparer.Ordinal
    );

    /// <summary>Hugging Face's name of a GGUF tensor; an unknown name stays as it is.</summary>
    public static string ToHuggingFace(string stored) =>
        s_global.FirstOrDefault(pair => pair.Stored == stored).Name
        ?? Translate(stored, StoredLayer, Layer, s_toName)
        ?? stored;

    /// <summary>GGUF's name of a Hugging Face tensor.</summary>
    /// <exception cref="InputException">GGUF has none.</exception>
    public static string ToGguf(string name) =>
        s_global.FirstOrDefault(pair => pair.Name == name).Stored
        ?? Translate(name, Layer, StoredLayer, s_toStored)
        ?? throw new InputException($"GGUF has no name for the tensor '{name}'.");

    /// <summary>prefix.N.middle.suffix, with the middle looked up.</summary>
    private static string? Translate(
        string text,
        string prefix,
        string target,
        Dictionary<string, string> middles
    )
    {
        if (!text.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }

        var number = text.IndexOf('.', prefix.Length);
        var suffix = text.LastIndexOf('.');
        return
            number > 0
            && suffix > number
            && middles.TryGetValue(text[(number + 1)..suffix], out var middle)
            ? $"{target}{text[prefix.Length..number]}.{middle}{text[suffix..]}"
            : null;
    }
}

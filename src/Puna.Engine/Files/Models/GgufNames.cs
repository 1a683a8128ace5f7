using Puna.Engine.Plan;

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
        ("token_embd.weight", Modules.Embedding + ".weight"),
        ("output_norm.weight", Modules.FinalNorm + ".weight"),
        ("output.weight", Modules.Head + ".weight"),
    ];

    private static readonly (string Stored, string Name)[] s_ofLayer =
    [
        ("attn_norm", Modules.AttentionNorm),
        ("attn_q", Modules.Query),
        ("attn_k", Modules.Key),
        ("attn_v", Modules.Value),
        ("attn_output", Modules.AttentionOutput),
        ("attn_q_norm", Modules.QueryNorm),
        ("attn_k_norm", Modules.KeyNorm),
        ("ffn_norm", Modules.MlpNorm),
        ("ffn_gate", Modules.Gate),
        ("ffn_up", Modules.Up),
        ("ffn_down", Modules.Down),
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
        FindGguf(name) ?? throw new InputException($"GGUF has no name for the tensor '{name}'.");

    /// <summary>The name in GGUF of a tensor of ours, or null when it has none.</summary>
    public static string? FindGguf(string name) =>
        s_global.FirstOrDefault(pair => pair.Name == name).Stored
        ?? Translate(name, Layer, StoredLayer, s_toStored);

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

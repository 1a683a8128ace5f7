using System.Text.RegularExpressions;

namespace Puna.Engine.Files;

/// <summary>Which files of a folder belong to a Hugging Face model that lies in it.</summary>
public static partial class ModelFolder
{
    internal const string ConfigName = "config.json";
    internal const string GenerationName = "generation_config.json";
    internal const string TemplateName = "chat_template.jinja";
    internal const string WeightsName = "model.safetensors";

    /// <summary>Files that describe the tokenizer and generation, whatever the weights are.</summary>
    internal static IReadOnlyList<string> Companions { get; } =
    [
        "tokenizer.json",
        "tokenizer_config.json",
        "tokenizer.model",
        "special_tokens_map.json",
        "added_tokens.json",
        "vocab.json",
        "merges.txt",
        TemplateName,
        GenerationName,
    ];

    /// <summary>The files that a model is read from; what is absent may be among them.</summary>
    /// <param name="path">A model in any form.</param>
    public static IReadOnlyList<string> Inputs(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Directory.Exists(path) ? Files(path)
            : path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
                ? [path, .. Settings(Path.GetDirectoryName(Path.GetFullPath(path))!)]
            : [path];
    }

    /// <summary>The settings and the tokenizer in a folder, in the order of their names.</summary>
    internal static IReadOnlyList<string> Settings(string folder) => Where(folder, IsSetting);

    /// <summary>All of a model in a folder: settings, tokenizer, weights, shards and their index.</summary>
    internal static IReadOnlyList<string> Files(string folder) =>
        Where(folder, name => IsSetting(name) || WeightsPattern().IsMatch(name));

    private static bool IsSetting(string name) =>
        name == ConfigName || Companions.Contains(name, StringComparer.Ordinal);

    private static IReadOnlyList<string> Where(string folder, Func<string, bool> isPart) =>
        Directory.Exists(folder)
            ?
            [
                .. Directory
                    .EnumerateFiles(folder)
                    .Where(file => isPart(Path.GetFileName(file)))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    // The names that transformers gives to weights, in either of its forms.
    [GeneratedRegex(
        @"^(model(-\d+-of-\d+)?\.safetensors|pytorch_model(-\d+-of-\d+)?\.bin)(\.index\.json)?$",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex WeightsPattern();
}

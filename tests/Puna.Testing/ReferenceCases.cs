using System.Text.Json;

namespace Puna.Testing;

/// <summary>
/// What cases a folder of the data has, told by the folder itself: tests must run over another set of the same form. Where there
/// is none, one row stands for all of them, and <see cref="SharedData.Path"/> skips it.
/// </summary>
public static class ReferenceCases
{
    /// <summary>The name in the row that stands for absent cases.</summary>
    public const string None = "(none)";

    /// <summary>Folders in a folder of the data that hold all of the named files.</summary>
    public static TheoryData<string> Folders(string folder, params string[] files) =>
        Rows(FolderNames(folder, files));

    /// <summary>Names of the files in a folder of the data.</summary>
    public static TheoryData<string> Files(string folder, string pattern) =>
        Rows(FileNames(folder, pattern));

    /// <summary>Models of data/tiny, or those of them whose config.json fulfils a condition.</summary>
    public static TheoryData<string> TinyModels(Func<JsonElement, bool>? condition = null) =>
        Rows(TinyNames(condition));

    /// <summary>Models of data/tiny that are in data/tiny-gguf too.</summary>
    public static TheoryData<string> GgufTwins(Func<JsonElement, bool>? condition = null) =>
        Rows(TinyNames(condition).Intersect(FileNames("tiny-gguf", "*.gguf").Select(Stem)));

    /// <summary>The names of <see cref="Folders"/>, none where there is none.</summary>
    public static IReadOnlyList<string> FolderNames(string folder, params string[] files) =>
        Existing(folder) is { } path
            ?
            [
                .. Directory
                    .EnumerateDirectories(path)
                    .Where(found => files.All(file => File.Exists(Path.Combine(found, file))))
                    .Select(found => Path.GetFileName(found))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The names of <see cref="Files"/>, none where there is none.</summary>
    public static IReadOnlyList<string> FileNames(string folder, string pattern) =>
        Existing(folder) is { } path
            ?
            [
                .. Directory
                    .EnumerateFiles(path, pattern)
                    .Select(found => Path.GetFileName(found))
                    .Order(StringComparer.Ordinal),
            ]
            : [];

    /// <summary>The names of <see cref="TinyModels"/>, none where there is none.</summary>
    public static IReadOnlyList<string> TinyNames(Func<JsonElement, bool>? condition = null) =>
        [
            .. FolderNames("tiny", "config.json", "oracle.safetensors")
                .Where(name =>
                    condition is null || condition(Json("tiny", name, "config.json").RootElement)
                ),
        ];

    /// <summary>The names as rows, or the row that stands for none.</summary>
    public static TheoryData<string> Rows(IEnumerable<string> names) =>
        [.. names.DefaultIfEmpty(None)];

    /// <summary>A file of the data; skips the test when it is absent.</summary>
    public static JsonDocument Json(params ReadOnlySpan<string> parts) =>
        JsonDocument.Parse(File.ReadAllBytes(SharedData.Path(parts)));

    /// <summary>Whether a config.json states a window over which layers look back.</summary>
    public static bool HasWindow(JsonElement config) =>
        config.TryGetProperty("sliding_window", out var window)
        && window.ValueKind == JsonValueKind.Number
        && !(
            config.TryGetProperty("use_sliding_window", out var use)
            && use.ValueKind == JsonValueKind.False
        );

    /// <summary>Whether every layer of a config.json sees all that lies before.</summary>
    public static bool HasNoWindow(JsonElement config) => !HasWindow(config);

    private static string Stem(string name) => Path.GetFileNameWithoutExtension(name);

    private static string? Existing(string folder) =>
        SharedData.Folder is { } data && Directory.Exists(Path.Combine(data, folder))
            ? Path.Combine(data, folder)
            : null;
}

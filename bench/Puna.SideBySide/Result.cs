using System.Text;
using System.Text.Json;

namespace Puna.SideBySide;

/// <summary>A whole run, as it is stored in bench/results.</summary>
public sealed record Result
{
    /// <summary>Day, such as 2026-11-27.</summary>
    public required string Date { get; init; }

    /// <summary>What puna says about the machine: processor, level, threads, limits, runtime, version, commit.</summary>
    public required JsonElement Machine { get; init; }

    /// <summary>Commit of llama.cpp, or null when it was not run.</summary>
    public string? LlamaCommit { get; init; }

    /// <summary>What PEER_BUILD asked for, or null for the build that suits the processor.</summary>
    public string? LlamaBuild { get; init; }

    /// <summary>The rows.</summary>
    public required IReadOnlyList<ResultRow> Rows { get; init; }

    /// <summary>The processor's name.</summary>
    public string Processor => Text("processor");

    /// <summary>The level of our kernels.</summary>
    public string Level => Text("level");

    /// <summary>Name for the file: day, processor, level.</summary>
    public string FileName
    {
        get
        {
            var name = new StringBuilder();
            foreach (var letter in $"{Date}-{Processor}-{Level}".ToLowerInvariant())
            {
                if (char.IsAsciiLetterOrDigit(letter))
                {
                    name.Append(letter);
                }
                else if (name.Length > 0 && name[^1] != '-')
                {
                    name.Append('-');
                }
            }

            return $"{name}.json";
        }
    }

    /// <summary>A text member of <see cref="Machine"/>.</summary>
    public string Text(string name) => Machine.GetProperty(name).GetString() ?? "unknown";

    /// <summary>A limit of <see cref="Machine"/>, or null when no run measured it.</summary>
    public double? Limit(string name) =>
        Machine.GetProperty(name) is { ValueKind: JsonValueKind.Number } number
            ? number.GetDouble()
            : null;

    /// <summary>Writes the file.</summary>
    public void Save(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
        {
            Directory.CreateDirectory(folder);
        }

        File.WriteAllText(path, JsonSerializer.Serialize(this, ResultJson.Default.Result) + "\n");
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="FailureException">It is not there or no result.</exception>
    public static Result Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), ResultJson.Default.Result)
                ?? throw new FailureException($"'{path}' holds no result.");
        }
        catch (Exception failure) when (failure is IOException or JsonException)
        {
            throw new FailureException($"'{path}' is no result: {failure.Message}");
        }
    }
}

using System.Text.Json;
using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Json;
using Puna.Engine.Files.Safetensors;
using Puna.Engine.Files.Writing;

namespace Puna.Engine.Files;

/// <summary>
/// Decides whether a model may take the place of what is there: an older file of the same family may be replaced;
/// anything else only when the user insists. In a folder no file of the old model stays that would be read as the new
/// one's.
/// </summary>
/// <param name="family">Family of the new model, as the form spells it.</param>
/// <param name="force">The user insists.</param>
internal sealed class ModelReplacement(string family, bool force)
{
    private const int LargestConfig = 16 << 20;

    /// <summary>Refuses to put a GGUF file over what is no GGUF file or of another architecture.</summary>
    /// <exception cref="InputException">Something of another kind is there.</exception>
    public void RequireGguf(OutputFile file) => file.RequireReplaceable(GgufObjection, force);

    /// <summary>Refuses to put a safetensors file over what is none, or a config.json over one of other weights.</summary>
    /// <param name="weights">The file.</param>
    /// <exception cref="InputException">Something of another kind is there.</exception>
    public void RequireSafetensors(OutputFile weights)
    {
        var config = Path.Combine(FolderOf(weights.Path), ModelFolder.ConfigName);
        if (File.Exists(config) && !File.Exists(weights.Path))
        {
            throw new InputException(
                $"'{config}' belongs to another model; choose a folder of its own for '{weights.Path}'."
            );
        }

        weights.RequireReplaceable(
            path =>
                SafetensorsWriter.Objection(path)
                ?? (
                    File.Exists(config)
                        ? ConfigObjection(config)
                        : $"has no {ModelFolder.ConfigName} beside it and is no model"
                ),
            force
        );
    }

    /// <summary>Refuses to put a model into a folder that holds one of another family, or other files and no model.</summary>
    /// <exception cref="InputException">It does.</exception>
    public void RequireFolder(string folder)
    {
        if (force || !Directory.Exists(folder))
        {
            return;
        }

        var config = Path.Combine(folder, ModelFolder.ConfigName);
        if (File.Exists(config))
        {
            OutputFile.At(config).RequireReplaceable(ConfigObjection, force);
            return;
        }

        var other = Directory
            .EnumerateFileSystemEntries(folder)
            .Select(Path.GetFileName)
            .Where(name => !PartialFiles.IsName(name!))
            .Order(StringComparer.Ordinal)
            .FirstOrDefault();
        if (other is not null)
        {
            throw new InputException(
                $"The folder '{folder}' holds no model but other files, such as '{other}'; choose another folder, or write into this one with --force."
            );
        }
    }

    /// <summary>
    /// Files of the old model that the new one does not replace: refused, or removed together with the old model when
    /// the user insists. Where no model was, nothing is removed.
    /// </summary>
    /// <param name="staged">Everything that is written.</param>
    /// <param name="old">Files that belong to a model.</param>
    /// <param name="folder">Where they lie.</param>
    /// <returns>Names of the files that will be removed.</returns>
    /// <exception cref="InputException">There are some, and the user does not insist.</exception>
    public IReadOnlyList<string> RemoveRest(
        StagedFiles staged,
        IReadOnlyList<string> old,
        string folder
    )
    {
        var rest = File.Exists(Path.Combine(folder, ModelFolder.ConfigName))
            ? old.Where(file => !staged.Writes(file)).ToArray()
            : [];
        if (rest.Length > 0 && !force)
        {
            throw new InputException(
                $"'{rest[0]}' of the old model would stay beside the new one; choose another folder, or remove what is left of the old model with --force."
            );
        }

        foreach (var file in rest)
        {
            staged.Remove(file);
        }

        return [.. rest.Select(file => Path.GetFileName(file))];
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path))!;

    private string? GgufObjection(string path)
    {
        try
        {
            using var file = GgufFile.Open(path);
            return Objection(file.Text("general.architecture"));
        }
        catch (InputException)
        {
            return "exists and is no GGUF file that can be read";
        }
    }

    private string? ConfigObjection(string path)
    {
        try
        {
            using var document = JsonFile.Open(path, LargestConfig);
            return Objection(new JsonFields(path, document.RootElement).Text("model_type"));
        }
        catch (Exception fault) when (fault is InputException or JsonException)
        {
            return "exists and is no configuration of a model that can be read";
        }
    }

    private string? Objection(string? found) =>
        found == family ? null
        : found is null ? "exists and holds no model"
        : $"holds a model of the family '{PrintableText.Short(found)}', and the new one is of '{family}'";
}

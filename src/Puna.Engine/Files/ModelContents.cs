using System.Buffers.Binary;
using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Safetensors;
using Puna.Engine.Files.Storage;
using Puna.Engine.Plan;

namespace Puna.Engine.Files;

/// <summary>
/// What is in a file or folder of weights: a model that can be run with its plan, and any other GGUF or safetensors file
/// (unknown families, adapters, single shards, vocabularies, types that cannot be decoded) without one.
/// </summary>
public sealed record ModelContents
{
    private const string ConfigName = "config.json";
    private const string AdapterConfigName = "adapter_config.json";
    private const string AdapterName = "adapter_model.safetensors";

    private ModelContents() { }

    /// <summary>The path that was opened.</summary>
    public required string Path { get; init; }

    /// <summary>Which form it is, for people.</summary>
    public required string Form { get; init; }

    /// <summary>Metadata as text: key and a short rendering of the value.</summary>
    public required IReadOnlyList<KeyValuePair<string, string>> Metadata { get; init; }

    /// <summary>All tensors, in file order.</summary>
    public required IReadOnlyList<ContainedTensor> Tensors { get; init; }

    /// <summary>The plan of a model that can be run, else null.</summary>
    public LayerPlan? Plan { get; private init; }

    /// <summary>Why it cannot be run, in one sentence; null when it can.</summary>
    public string? Reason { get; private init; }

    /// <summary>The family that the file states, known or not; null when it states none.</summary>
    public string? Family =>
        Plan?.Config.Family
        ?? Metadata
            .Where(entry => entry.Key is "general.architecture" or "model_type")
            .Select(entry => entry.Value)
            .FirstOrDefault();

    /// <summary>Parameters of the plan; where there is none, elements of all tensors.</summary>
    public long Parameters =>
        Plan is null
            ? Tensors.Sum(tensor => tensor.Elements)
            : PlanCost.Of(Plan, Plan.Config.ContextLength).Parameters;

    /// <summary>Bytes of all tensors.</summary>
    public long Bytes => Tensors.Sum(tensor => tensor.Bytes);

    /// <summary>Reads headers and metadata; the weights stay where they are.</summary>
    /// <exception cref="InputException">The path cannot be read, holds neither a model nor GGUF nor safetensors, or is damaged.</exception>
    public static ModelContents Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var model = ModelFiles.Open(path);
            return Of(model);
        }
        catch (InputException fault)
        {
            if (Contents(path) is { } contents)
            {
                return contents with { Reason = fault.Message };
            }

            throw;
        }
    }

    private static ModelContents Of(IModelFile model) =>
        new()
        {
            Path = model.Path,
            Form = model.Form,
            Metadata = model.Metadata,
            Plan = model.Plan,
            Tensors =
            [
                .. model.Tensors.Select(tensor => new ContainedTensor(
                    tensor.Name,
                    tensor.StoredName,
                    tensor.Format.Id,
                    tensor.Shape,
                    tensor.Data.Length
                )),
            ],
        };

    /// <summary>What a path holds that is no model to be run, or null when it is nothing known.</summary>
    private static ModelContents? Contents(string path)
    {
        if (Directory.Exists(path))
        {
            return OfFolder(path);
        }

        using var file = InputFile.Open(path);
        var start = file.Read(0, (int)Math.Min(file.Length, 16)).AsSpan();
        return start.Length >= 4
            && BinaryPrimitives.ReadUInt32LittleEndian(start) == GgufHeader.Magic
                ? OfGguf(path)
            : SafetensorsHeader.Looks(start, file.Length) ? OfSafetensors(path)
            : null;
    }

    private static ModelContents OfGguf(string path)
    {
        using var file = GgufFile.Open(path);
        return new ModelContents
        {
            Path = path,
            Form = $"GGUF v{file.Version}",
            Metadata = GgufMetadataText.Of(file),
            Tensors =
            [
                .. file.Tensors.Select(tensor => new ContainedTensor(
                    GgufNames.ToHuggingFace(tensor.Name),
                    tensor.Name,
                    tensor.Type.Id,
                    tensor.Shape,
                    tensor.Length
                )),
            ],
        };
    }

    private static ModelContents OfSafetensors(string path)
    {
        var name = System.IO.Path.GetFileName(path);
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;

        // Only of these names it is known that the file beside them describes them.
        var config =
            name == AdapterName ? AdapterConfigName
            : name.StartsWith("model", StringComparison.Ordinal) ? ConfigName
            : null;
        return OfFiles(
            path,
            [path],
            config is null ? null : System.IO.Path.Combine(folder, config)
        );
    }

    private static ModelContents? OfFolder(string folder)
    {
        string[] adapter = [System.IO.Path.Combine(folder, AdapterName)];
        if (File.Exists(adapter[0]))
        {
            return OfFiles(folder, adapter, System.IO.Path.Combine(folder, AdapterConfigName));
        }

        string[] whole = [System.IO.Path.Combine(folder, "model.safetensors")];
        var files = File.Exists(whole[0])
            ? whole
            : Directory.GetFiles(folder, "model-*-of-*.safetensors");
        Array.Sort(files, StringComparer.Ordinal);
        return files.Length == 0
            ? null
            : OfFiles(folder, files, System.IO.Path.Combine(folder, ConfigName));
    }

    private static ModelContents OfFiles(string path, string[] files, string? config)
    {
        var metadata = new List<KeyValuePair<string, string>>();
        var tensors = new List<ContainedTensor>();
        if (File.Exists(config))
        {
            metadata.AddRange(HuggingFaceConfig.Describe(config));
        }

        foreach (var name in files)
        {
            using var file = SafetensorsFile.Open(name);
            metadata.AddRange(
                file.Metadata.Select(entry =>
                    KeyValuePair.Create(
                        PrintableText.Short(entry.Key),
                        PrintableText.Short(entry.Value)
                    )
                )
            );
            tensors.AddRange(
                file.Tensors.Select(tensor => new ContainedTensor(
                    tensor.Name,
                    tensor.Name,
                    tensor.TypeId.ToLowerInvariant(),
                    tensor.Shape,
                    tensor.Length
                ))
            );
        }

        return new ModelContents
        {
            Path = path,
            Form = files.Length == 1 ? "safetensors" : $"safetensors ({files.Length} shards)",
            Metadata = metadata,
            Tensors = tensors,
        };
    }
}

using Puna.Engine.Files.Json;
using Puna.Engine.Files.Plans;
using Puna.Engine.Files.Safetensors;
using Puna.Engine.Files.Storage;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Plan;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Models;

/// <summary>A Hugging Face model: config.json and one safetensors file or several shards with an index.</summary>
internal sealed class HuggingFaceModelFile : IModelFile
{
    private const string ConfigName = "config.json";
    private const string AdapterName = "adapter_config.json";
    private const string WeightsName = "model.safetensors";
    private const string IndexName = "model.safetensors.index.json";
    private const string GenerationName = "generation_config.json";
    private const string OutputMatrix = Modules.Head + ".weight";
    private const int LargestIndex = 64 << 20;
    private const int LongestName = 255;

    private readonly List<SafetensorsFile> _shards = [];

    /// <summary>The folder of config.json.</summary>
    internal string Folder { get; }

    private HuggingFaceModelFile(string path, string folder)
    {
        Path = path;
        Folder = folder;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public string Form =>
        _shards.Count == 1 ? "safetensors" : $"safetensors ({_shards.Count} shards)";

    /// <inheritdoc/>
    public LayerPlan Plan { get; private set; } = null!;

    /// <inheritdoc/>
    public ModelConfig Config => Plan.Config;

    /// <inheritdoc/>
    public IReadOnlyList<StoredTensor> Tensors { get; private set; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata =>
        HuggingFaceConfig.Describe(System.IO.Path.Combine(Folder, ConfigName));

    /// <inheritdoc/>
    public TokenizerData? Tokenizer => field ??= ModelTokenizers.OfFolder(Folder, Config);

    /// <summary>Opens a directory, or one safetensors file beside its config.json.</summary>
    /// <exception cref="InputException">A file is missing or damaged, or describes what cannot be run.</exception>
    public static HuggingFaceModelFile Open(string path)
    {
        var isFolder = Directory.Exists(path);
        var folder = isFolder
            ? path
            : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var config = System.IO.Path.Combine(folder, ConfigName);
        if (!System.IO.File.Exists(config))
        {
            throw new InputException(MissingConfig(path, folder, isFolder));
        }

        var model = new HuggingFaceModelFile(path, folder);
        try
        {
            model.OpenShards(isFolder ? null : path);
            model.Load(config);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in _shards)
        {
            shard.Dispose();
        }
    }

    private static string MissingConfig(string path, string folder, bool isFolder)
    {
        if (System.IO.File.Exists(System.IO.Path.Combine(folder, AdapterName)))
        {
            return $"'{path}' is an adapter, as {AdapterName} in the same folder says, and no model; give the model that it was trained for.";
        }

        if (!isFolder)
        {
            return $"'{path}' needs its {ConfigName} in the same folder; there is none.";
        }

        var models = Directory
            .EnumerateFiles(folder)
            .Where(file => file.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)
            .ToArray();
        return models.Length > 0
            ? $"'{path}' has no {ConfigName}, but holds '{System.IO.Path.GetFileName(models[0])}': give the path of that file."
            : $"'{path}' is a folder without {ConfigName}; a model folder has {ConfigName} and {WeightsName} or {IndexName}.";
    }

    private void OpenShards(string? single)
    {
        var weights = single ?? System.IO.Path.Combine(Folder, WeightsName);
        if (System.IO.File.Exists(weights))
        {
            _shards.Add(SafetensorsFile.Open(weights));
            return;
        }

        var index = System.IO.Path.Combine(Folder, IndexName);
        if (!System.IO.File.Exists(index))
        {
            throw new InputException(
                $"'{Path}' has a {ConfigName} but neither {WeightsName} nor {IndexName}; weights in PyTorch's .bin form cannot be read."
            );
        }

        var expected = ReadIndex(index);
        foreach (var name in expected.Values.Distinct(StringComparer.Ordinal))
        {
            _shards.Add(SafetensorsFile.Open(System.IO.Path.Combine(Folder, name)));
        }

        RequireIndex(index, expected);
    }

    private Dictionary<string, string> ReadIndex(string path)
    {
        using var document = JsonFile.Open(path, LargestIndex);
        if (
            !document.RootElement.TryGetProperty("weight_map", out var map)
            || map.ValueKind != System.Text.Json.JsonValueKind.Object
        )
        {
            throw new InputException($"'{path}' lacks the object 'weight_map'.");
        }

        var fields = new JsonFields(path, map);
        var shards = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in map.EnumerateObject())
        {
            string tensor;
            try
            {
                tensor = property.Name;
            }
            catch (InvalidOperationException fault)
            {
                throw new InputException(
                    $"'{path}' names a tensor in a way that is no valid Unicode.",
                    fault
                );
            }

            var shard = fields.Text(tensor) ?? "";
            if (
                shard.Length is 0 or > LongestName
                || shard.Any(char.IsControl)
                || System.IO.Path.GetFileName(shard) != shard
            )
            {
                // A shard elsewhere would let a model read any file that its user can.
                throw new InputException(
                    $"'{path}' puts tensor '{PrintableText.Short(tensor)}' into '{PrintableText.Short(shard)}', which is no file name in the same folder."
                );
            }

            shards.Add(tensor, shard);
        }

        return shards.Count > 0
            ? shards
            : throw new InputException($"'{path}' has an empty 'weight_map'.");
    }

    private void RequireIndex(string path, Dictionary<string, string> expected)
    {
        var found = 0;
        foreach (var shard in _shards)
        {
            var file = System.IO.Path.GetFileName(shard.Path);
            foreach (var tensor in shard.Tensors)
            {
                if (!expected.TryGetValue(tensor.Name, out var place) || place != file)
                {
                    throw new InputException(
                        $"'{shard.Path}' has tensor '{PrintableText.Short(tensor.Name)}', which '{System.IO.Path.GetFileName(path)}' does not put there."
                    );
                }

                found++;
            }
        }

        if (found != expected.Count)
        {
            var missing = expected.First(pair =>
                _shards.All(shard => shard.Find(pair.Key) is null)
            );
            throw new InputException(
                $"'{System.IO.Path.Combine(Folder, missing.Value)}' lacks tensor '{PrintableText.Short(missing.Key)}', which '{System.IO.Path.GetFileName(path)}' puts there."
            );
        }
    }

    private void Load(string configPath)
    {
        var tensors = new List<StoredTensor>();
        foreach (var shard in _shards)
        {
            tensors.AddRange(
                shard
                    .Tensors.Where(tensor => !IsLeftOver(tensor.Name))
                    .Select(tensor => Store(shard, tensor))
            );
        }

        Tensors = tensors;
        var config = HuggingFaceConfig.Read(
            configPath,
            tensors.Any(tensor => tensor.Name == OutputMatrix)
        );
        var generation = HuggingFaceConfig.ReadGenerationEosIds(
            System.IO.Path.Combine(Folder, GenerationName)
        );
        config = config with { EosIds = [.. config.EosIds.Union(generation)] };
        ModelConfigRules.Require(configPath, config);
        Plan = ReadPlan(configPath, config);

        // A tied model may still carry its output matrix: a second copy of the embedding.
        RequiredTensors.Check(
            Path,
            Plan,
            tensors,
            name => Config.TieEmbeddings && name == OutputMatrix
        );
    }

    // The weights carry the plan, for without it they are of no use; config.json names it, so that weights which lost it
    // are noticed.
    private LayerPlan ReadPlan(string configPath, ModelConfig config)
    {
        var named = HuggingFaceConfig.ReadPlanName(configPath);
        var texts = _shards
            .Select(shard => shard.Metadata.GetValueOrDefault(PlanText.MetadataKey))
            .Distinct(StringComparer.Ordinal)
            .ToArray();
        if (texts is not [{ } text])
        {
            return texts.Length > 1
                    ? throw new InputException(
                        $"The shards of '{Path}' state different plans; they belong to different models."
                    )
                : named is not null
                    ? throw new InputException(
                        $"'{configPath}' names the plan '{PrintableText.Short(named)}', but the weights of '{Path}' carry none in their metadata ({PlanText.MetadataKey}): they were written by a program that drops it, and cannot be read without."
                    )
                : LayerPlan.FromConfig(config);
        }

        var plan = PlanText.Read(Path, text, config);
        return named is null || named == plan.Name
            ? plan
            : throw new InputException(
                $"'{configPath}' names the plan '{PrintableText.Short(named)}', but the weights of '{Path}' carry the plan '{PrintableText.Short(plan.Name)}'; they belong to different models."
            );
    }

    /// <summary>Tables that old versions of transformers saved although they follow from the configuration.</summary>
    private static bool IsLeftOver(string name) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal);

    private static StoredTensor Store(SafetensorsFile shard, SafetensorsTensor tensor)
    {
        if (tensor.Type?.Format() is not { } format)
        {
            throw new InputException(
                $"'{shard.Path}' stores tensor '{PrintableText.Short(tensor.Name)}' as {PrintableText.Short(tensor.TypeId)}; weights can be F32, F16 or BF16."
            );
        }

        return new StoredTensor
        {
            Name = tensor.Name,
            StoredName = tensor.Name,
            Format = format,
            Shape = tensor.Shape,
            Data = shard.Data(tensor),
        };
    }
}

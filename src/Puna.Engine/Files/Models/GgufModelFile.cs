using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Storage;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Plan;
using Puna.Engine.Text;
using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Models;

/// <summary>A model in a GGUF file.</summary>
internal sealed class GgufModelFile : IModelFile
{
    private GgufModelFile(GgufFile gguf, LayerPlan plan, IReadOnlyList<StoredTensor> tensors)
    {
        Gguf = gguf;
        Plan = plan;
        Tensors = tensors;
    }

    /// <summary>The file itself, with its typed metadata.</summary>
    public GgufFile Gguf { get; }

    /// <inheritdoc/>
    public string Path => Gguf.Path;

    /// <inheritdoc/>
    public string Form => $"GGUF v{Gguf.Version}";

    /// <inheritdoc/>
    public LayerPlan Plan { get; }

    /// <inheritdoc/>
    public ModelConfig Config => Plan.Config;

    /// <inheritdoc/>
    public IReadOnlyList<StoredTensor> Tensors { get; }

    /// <inheritdoc/>
    public IReadOnlyList<KeyValuePair<string, string>> Metadata => GgufMetadataText.Of(Gguf);

    /// <inheritdoc/>
    public TokenizerData? Tokenizer => field ??= ModelTokenizers.OfGguf(Gguf, Config);

    /// <inheritdoc/>
    public void Dispose() => Gguf.Dispose();

    internal static GgufModelFile Read(GgufFile gguf)
    {
        var config = GgufConfig.Read(gguf);
        var plan = LayerPlan.FromConfig(config);
        int[]? queries = null;
        int[]? keys = null;
        if (GgufFamilies.InterleavesRotaryRows(config.Family))
        {
            queries = RotaryRows.Interleaved(config.Heads, config.HeadDim);
            keys =
                config.KvHeads == config.Heads
                    ? queries
                    : RotaryRows.Interleaved(config.KvHeads, config.HeadDim);
        }

        var tensors = new List<StoredTensor>(gguf.Tensors.Count);
        foreach (var tensor in gguf.Tensors)
        {
            var name = GgufNames.ToHuggingFace(tensor.Name);
            tensors.Add(
                new StoredTensor
                {
                    Name = name,
                    StoredName = tensor.Name,
                    Format = tensor.Format ?? throw Unreadable(gguf.Path, tensor),
                    Shape = tensor.Shape,
                    Data = gguf.Data(tensor),
                    RowOrder =
                        !RotaryRows.Concerns(name) ? null
                        : name.Contains("q_proj", StringComparison.Ordinal) ? queries
                        : keys,
                }
            );
        }

        RequiredTensors.Check(
            gguf.Path,
            plan,
            tensors,
            name =>
                name == GgufNames.RotaryFactors
                || name.EndsWith(".attn_rot_embd.weight", StringComparison.Ordinal)
                || name.EndsWith(".attn_rot_embd", StringComparison.Ordinal)
        );
        return new GgufModelFile(gguf, plan, tensors);
    }

    private static InputException Unreadable(string path, GgufTensor tensor) =>
        new(
            $"'{path}' stores tensor '{PrintableText.Short(tensor.Name)}' in the GGUF type {tensor.Type.Name}, which cannot be read; readable are {string.Join(", ", WeightFormats.All)}."
        );
}

using Puna.Engine.Files.Models;
using Puna.Engine.Files.Storage;
using Puna.Engine.Linear;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised;
using Puna.Kernels.Threads;

namespace Puna.Engine.Model;

/// <summary>
/// Fetches the tensors that a plan asks for, checks each once, repacks it and gives the file's pages back, so that
/// there is never more than one resident copy of a weight.
/// </summary>
internal sealed class WeightLoader
{
    private readonly IModelFile _file;
    private readonly LayerPlan _plan;
    private readonly WorkerPool _pool;
    private readonly IProgress<LoadProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly Dictionary<string, StoredTensor> _tensors;
    private readonly NativeArena _arena;
    private readonly List<IDisposable> _loaded = [];
    private readonly long _totalBytes;
    private long _doneBytes;

    private WeightLoader(
        IModelFile file,
        LayerPlan plan,
        WorkerPool pool,
        IProgress<LoadProgress>? progress,
        NativeArena arena,
        CancellationToken cancellation
    )
    {
        _arena = arena;
        _file = file;
        _plan = plan;
        _pool = pool;
        _progress = progress;
        _cancellation = cancellation;
        _tensors = file.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        _totalBytes = file.Tensors.Sum(tensor => tensor.Data.Length);
    }

    /// <summary>Loads every parameter of the plan.</summary>
    /// <exception cref="InputException">A tensor is missing, has another shape, or holds numbers that are not finite.</exception>
    public static ModelWeights Load(
        IModelFile file,
        LayerPlan plan,
        WorkerPool pool,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellation
    )
    {
        var arena = new NativeArena(file.Tensors.Sum(PackedBytes));
        var loader = new WeightLoader(file, plan, pool, progress, arena, cancellation);
        try
        {
            return loader.Load();
        }
        catch
        {
            loader._loaded.ForEach(item => item.Dispose());
            arena.Dispose();
            throw;
        }
    }

    // Rows are padded to a whole group and matrices to a cache line.
    private static long PackedBytes(StoredTensor tensor)
    {
        if (tensor.Shape.Count != 2)
        {
            return 0;
        }

        const long Group = PackedMatrix.RowGroup;
        const long Line = 64;
        return (tensor.Shape[0] + Group - 1)
                / Group
                * Group
                * tensor.Format.RowBytes(tensor.Shape[1])
            + Line;
    }

    private ModelWeights Load()
    {
        var config = _plan.Config;
        var embedding = Linear(
            "model.embed_tokens",
            config.VocabularySize,
            config.HiddenSize,
            bias: false
        );
        return new ModelWeights
        {
            Memory = _arena,
            Embedding = embedding,
            Layers = [.. _plan.Layers.Select(Layer)],
            FinalNorm = Vector("model.norm.weight", config.HiddenSize),
            Head = config.TieEmbeddings
                ? embedding
                : Linear("lm_head", config.VocabularySize, config.HiddenSize, bias: false),
        };
    }

    private LayerWeights Layer(LayerSpec layer)
    {
        var hidden = _plan.Config.HiddenSize;
        var attention = layer.Attention;
        var bank = _plan.Banks[attention.Bank];
        var makes = _plan.MakesKeysAndValues(layer);
        var queryWidth = attention.Heads * attention.HeadDim;
        var bankWidth = bank.Heads * bank.HeadDim;
        var prefix = $"model.layers.{layer.Index}";
        return new LayerWeights
        {
            AttentionNorm = Vector($"{prefix}.input_layernorm.weight", hidden),
            Query = Linear($"{prefix}.self_attn.q_proj", queryWidth, hidden, attention.InputBias),
            Key = makes
                ? Linear($"{prefix}.self_attn.k_proj", bankWidth, hidden, attention.InputBias)
                : null,
            Value = makes
                ? Linear($"{prefix}.self_attn.v_proj", bankWidth, hidden, attention.InputBias)
                : null,
            Output = Linear($"{prefix}.self_attn.o_proj", hidden, queryWidth, attention.OutputBias),
            QueryNorm = attention.QueryKeyNorm
                ? Vector($"{prefix}.self_attn.q_norm.weight", attention.HeadDim)
                : null,
            KeyNorm =
                attention.QueryKeyNorm && makes
                    ? Vector($"{prefix}.self_attn.k_norm.weight", attention.HeadDim)
                    : null,
            AttentionPostNorm = layer.PostNorm
                ? Vector($"{prefix}.post_norm1.weight", hidden)
                : null,
            MlpNorm = Vector($"{prefix}.post_attention_layernorm.weight", hidden),
            Gate = Linear($"{prefix}.mlp.gate_proj", layer.Mlp.Width, hidden, layer.Mlp.Bias),
            Up = Linear($"{prefix}.mlp.up_proj", layer.Mlp.Width, hidden, layer.Mlp.Bias),
            Down = Linear($"{prefix}.mlp.down_proj", hidden, layer.Mlp.Width, layer.Mlp.Bias),
            MlpPostNorm = layer.PostNorm ? Vector($"{prefix}.post_norm2.weight", hidden) : null,
        };
    }

    private LinearLayer Linear(string name, int rows, int columns, bool bias)
    {
        _cancellation.ThrowIfCancellationRequested();
        var tensor = Find($"{name}.weight", rows, columns);
        var weight = tensor.Format.Pack(
            new StoredMatrix(tensor.Data, rows, columns, tensor.RowOrder),
            _pool,
            _arena
        );
        Done(tensor);
        var linear = new LinearLayer(weight, bias ? Vector($"{name}.bias", rows) : null);
        _loaded.Add(linear);
        return linear;
    }

    private NativeBuffer<float> Vector(string name, int length)
    {
        var tensor = Find(name, length);
        var values = new NativeBuffer<float>(length, clear: false);
        _loaded.Add(values);
        tensor.Format.DecodeRow(tensor.Data.Span, values.Span.Span);
        if (tensor.RowOrder is { } order)
        {
            var stored = values.Span.Span.ToArray();
            for (var row = 0; row < length; row++)
            {
                values.Span[row] = stored[order[row]];
            }
        }

        Done(tensor);
        return values;
    }

    private StoredTensor Find(string name, params ReadOnlySpan<long> shape)
    {
        if (!_tensors.TryGetValue(name, out var tensor))
        {
            throw new InputException(
                $"{_file.Path} has no tensor '{name}', which its configuration ({_plan.Config.Family}, {_plan.Config.Layers} layers) needs."
            );
        }

        if (!tensor.Shape.SequenceEqual(shape.ToArray()))
        {
            throw new InputException(
                $"Tensor '{tensor.StoredName}' of {_file.Path} has shape [{string.Join(", ", tensor.Shape)}]; "
                    + $"its configuration needs [{string.Join(", ", shape.ToArray())}]."
            );
        }

        tensor.RequireFiniteScales();
        return tensor;
    }

    private void Done(StoredTensor tensor)
    {
        tensor.GiveBack();
        _doneBytes += tensor.Data.Length;
        _progress?.Report(new LoadProgress(_doneBytes, _totalBytes));
    }
}

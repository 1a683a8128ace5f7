using Puna.Engine.Files.Models;
using Puna.Engine.Files.Storage;
using Puna.Engine.Linear;
using Puna.Engine.Plan;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
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
    private readonly ParameterSet _set;
    private readonly long _totalBytes;
    private long _doneBytes;

    private WeightLoader(
        IModelFile file,
        LayerPlan plan,
        WorkerPool pool,
        IProgress<LoadProgress>? progress,
        NativeArena arena,
        ParameterSet set,
        CancellationToken cancellation
    )
    {
        _arena = arena;
        _set = set;
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
    public static ParameterSet Load(
        IModelFile file,
        LayerPlan plan,
        WorkerPool pool,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellation
    )
    {
        var arena = new NativeArena(file.Tensors.Sum(PackedBytes));
        var set = new ParameterSet(arena);
        var loader = new WeightLoader(file, plan, pool, progress, arena, set, cancellation);
        try
        {
            loader.LoadAll();
            return set;
        }
        catch
        {
            set.Dispose();
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

    private void LoadAll()
    {
        var specs = _plan.Parameters().ToList();
        var biases = specs
            .Where(spec => spec.Kind == ParameterKind.Bias)
            .ToDictionary(spec => spec.Module, StringComparer.Ordinal);
        foreach (var spec in specs)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (spec.IsMatrix)
            {
                _set.Add(spec.Module, Linear(spec, biases.GetValueOrDefault(spec.Module)));
            }
            else if (spec.Kind != ParameterKind.Bias)
            {
                _set.Add(spec.Module, Vector(spec));
            }
        }
    }

    private LinearLayer Linear(ParameterSpec spec, ParameterSpec? bias)
    {
        var tensor = Find(spec);
        var weight = tensor.Format.Pack(
            new StoredMatrix(tensor.Data, spec.Rows, spec.Columns, tensor.RowOrder),
            _pool,
            _arena
        );
        Done(tensor);
        try
        {
            return new LinearLayer(_set.Linears, weight, bias is null ? null : Vector(bias));
        }
        catch
        {
            weight.Dispose();
            throw;
        }
    }

    private NativeBuffer<float> Vector(ParameterSpec spec)
    {
        var tensor = Find(spec);
        var values = new NativeBuffer<float>(spec.Rows, clear: false);
        try
        {
            tensor.Format.DecodeRow(tensor.Data.Span, values.Span.Span);
            if (tensor.RowOrder is { } order)
            {
                var stored = values.Span.Span.ToArray();
                for (var row = 0; row < order.Length; row++)
                {
                    values.Span[row] = stored[order[row]];
                }
            }
        }
        catch
        {
            values.Dispose();
            throw;
        }

        Done(tensor);
        return values;
    }

    private StoredTensor Find(ParameterSpec spec)
    {
        if (!_tensors.TryGetValue(spec.Name, out var tensor))
        {
            throw new InputException(
                $"{_file.Path} has no tensor '{spec.Name}', which the plan '{_plan.Name}' ({_plan.Config.Family}, {_plan.Layers.Count} layers) needs."
            );
        }

        if (!tensor.Shape.SequenceEqual(spec.Shape))
        {
            throw new InputException(
                $"Tensor '{tensor.StoredName}' of {_file.Path} has shape [{string.Join(", ", tensor.Shape)}]; "
                    + $"the plan '{_plan.Name}' needs [{string.Join(", ", spec.Shape)}]."
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

using System.Runtime.ExceptionServices;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Storage;
using Puna.Engine.Linear;
using Puna.Engine.Plan;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Model;

/// <summary>
/// Fetches the tensors that a plan asks for, checks each once and repacks it. A matrix is read into memory that the next
/// one uses again, so that there is never more than one matrix beside the weights.
/// </summary>
internal sealed class WeightLoader : IDisposable
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
    private NativeBuffer<byte> _staging = new(0);
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
        using var loader = new WeightLoader(file, plan, pool, progress, arena, set, cancellation);
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

    /// <inheritdoc/>
    public void Dispose() => _staging.Dispose();

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
            new StoredMatrix(Staged(tensor), spec.Rows, spec.Columns, tensor.RowOrder),
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
            var bytes = tensor.Data.ToArray();
            tensor.RequireFiniteScales(bytes);
            tensor.Format.DecodeRow(bytes, values.Span.Span);
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

        return tensor;
    }

    /// <summary>The bytes of a matrix, read and checked; valid until the next one is.</summary>
    private NativeSpan<byte> Staged(StoredTensor tensor)
    {
        // Kept until all are read, although the embedding needs far more than what follows it: once a large block was
        // freed, the C library takes smaller ones from its heap, where they stay resident.
        if (_staging.Length < tensor.Data.Length)
        {
            _staging.Dispose();
            _staging = new NativeBuffer<byte>(tensor.Data.Length, clear: false, hugePages: true);
        }

        var bytes = _staging.Span.Slice(0, tensor.Data.Length);
        var job = new ReadJob(tensor, bytes);
        try
        {
            _pool.Run(ref job);
        }
        catch (AggregateException fault) when (fault.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
        }

        return bytes;
    }

    private void Done(StoredTensor tensor)
    {
        _doneBytes += tensor.Data.Length;
        _progress?.Report(new LoadProgress(_doneBytes, _totalBytes));
    }

    private readonly struct ReadJob(StoredTensor tensor, NativeSpan<byte> target) : IParallelJob
    {
        private const int PieceBytes = 1 << 18;

        public void Execute(int part, int parts)
        {
            var step = (long)Math.Max(1, PieceBytes / tensor.Format.BlockBytes);
            step *= tensor.Format.BlockBytes;
            var pieces = (target.Length + step - 1) / step;
            var end = pieces * (part + 1) / parts;
            for (var piece = pieces * part / parts; piece < end; piece++)
            {
                var start = piece * step;
                var bytes = target.Slice(start, Math.Min(step, target.Length - start)).Span;
                tensor.Data.Read(start, bytes);
                tensor.RequireFiniteScales(bytes);
            }
        }
    }
}

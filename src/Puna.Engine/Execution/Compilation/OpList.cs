using System.Runtime.InteropServices;
using Puna.Engine.Execution.Operations;
using Puna.Engine.Model;
using Puna.Engine.Plan;
using Puna.Kernels.Rope;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Compilation;

/// <summary>A plan compiled for the parameters of a model: its operations in order, their slots, and the head.</summary>
internal sealed class OpList : IDisposable
{
    private readonly List<PassOp> _operations = [];
    private readonly List<StepRange> _steps = [];
    private readonly List<RowSet> _rows = [];
    private readonly int _maximumRows;

    private OpList(LanguageModel model, WorkerPool pool, int maximumRows)
    {
        Model = model;
        _maximumRows = maximumRows;
        States = new BranchStates(model.Plan);
        Tokens = AddRows();
        Attention = new SegmentAttention(model.Plan, Tokens.Angles!, pool);
    }

    /// <summary>The model whose parameters the operations read.</summary>
    public LanguageModel Model { get; }

    /// <summary>The fixed states of the branches that are not compiled yet.</summary>
    public BranchStates States { get; }

    /// <summary>The rows of the batch's tokens.</summary>
    public RowSet Tokens { get; }

    /// <summary>Attention over the caches of the batch.</summary>
    public SegmentAttention Attention { get; }

    /// <summary>Memory of the values between operations.</summary>
    public SlotTable Slots { get; } = new();

    /// <summary>The operations, in the order of the forward pass.</summary>
    public ReadOnlySpan<PassOp> Operations => CollectionsMarshal.AsSpan(_operations);

    /// <summary>Which operations belong to which step of which layer.</summary>
    public IReadOnlyList<StepRange> Steps => _steps;

    /// <summary>What follows the last layer.</summary>
    public OutputHead Head { get; private set; } = null!;

    /// <summary>Compiles the plan of a model; the slots have no memory yet.</summary>
    /// <exception cref="InputException">The plan has a branch or step that no compiler knows.</exception>
    public static OpList Compile(
        LanguageModel model,
        WorkerPool pool,
        int maximumRows,
        Compilers compilers
    )
    {
        var list = new OpList(model, pool, maximumRows);
        try
        {
            list.Emit(compilers);
            return list;
        }
        catch
        {
            list.Dispose();
            throw;
        }
    }

    /// <summary>Rows beside those of the tokens: for a step from which on others are computed.</summary>
    public RowSet AddRows()
    {
        var config = Model.Config;
        var (frequencies, magnitude) = RotaryFrequencies.Compute(config.Rope, config.HeadDim);
        var rows = new RowSet(
            _maximumRows,
            new RotaryAngles(frequencies, config.ContextLength, magnitude)
        );
        _rows.Add(rows);
        return rows;
    }

    /// <summary>Appends an operation and notes what it does with slots.</summary>
    public void Add(PassOp operation)
    {
        operation.Declare(new SlotUses(Slots, _operations.Count));
        _operations.Add(operation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Slots.Dispose();
        Attention.Dispose();
        _rows.ForEach(rows => rows.Dispose());
        Head?.Dispose();
    }

    private void Emit(Compilers compilers)
    {
        var plan = Model.Plan;
        var stream = Slots.Add("stream", Tokens, plan.Config.HiddenSize);
        Add(new EmbeddingOp(Model.Weights.Embedding, plan.Config.EmbeddingMultiplier, stream));
        foreach (var layer in plan.Layers)
        {
            var context = new StepContext(
                this,
                compilers,
                new PlanScope(plan, layer.Index),
                stream
            );
            for (var step = 0; step < layer.Steps.Count; step++)
            {
                var first = _operations.Count;
                compilers.Emit(layer.Steps[step], context);
                _steps.Add(new StepRange(layer.Index, step, first, _operations.Count));
            }

            stream = context.Stream;
        }

        Head = new OutputHead(Model, stream, Slots);
        Head.Declare(new SlotUses(Slots, _operations.Count));
    }
}

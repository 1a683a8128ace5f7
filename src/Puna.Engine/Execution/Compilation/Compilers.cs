using Puna.Engine.Plan;

namespace Puna.Engine.Execution.Compilation;

/// <summary>Who turns which kind of step or branch into operations: one entry for each kind.</summary>
internal sealed class Compilers
{
    private readonly Dictionary<Type, Action<LayerStep, StepContext>> _steps = [];
    private readonly Dictionary<Type, Action<BranchSpec, BranchContext>> _branches = [];

    /// <summary>The kinds that the engine has of its own: residual steps, attention, SwiGLU.</summary>
    public static Compilers BuiltIn { get; } =
        new Compilers()
            .AddStep(new ResidualCompiler())
            .AddBranch(new AttentionCompiler())
            .AddBranch(new SwiGluCompiler());

    /// <summary>Adds a kind of step.</summary>
    public Compilers AddStep<TStep>(IStepCompiler<TStep> compiler)
        where TStep : LayerStep
    {
        _steps.Add(typeof(TStep), (step, context) => compiler.Emit((TStep)step, context));
        return this;
    }

    /// <summary>Adds a kind of branch.</summary>
    public Compilers AddBranch<TBranch>(IBranchCompiler<TBranch> compiler)
        where TBranch : BranchSpec
    {
        _branches.Add(typeof(TBranch), (spec, context) => compiler.Emit((TBranch)spec, context));
        return this;
    }

    /// <summary>The same compilers, to which more may be added.</summary>
    public Compilers Copy()
    {
        var copy = new Compilers();
        foreach (var (type, emit) in _steps)
        {
            copy._steps.Add(type, emit);
        }

        foreach (var (type, emit) in _branches)
        {
            copy._branches.Add(type, emit);
        }

        return copy;
    }

    /// <summary>Appends the operations of a step.</summary>
    /// <exception cref="InputException">Its kind is not known.</exception>
    public void Emit(LayerStep step, StepContext context)
    {
        if (!_steps.TryGetValue(step.GetType(), out var emit))
        {
            throw Unknown("step", step.Kind, context.Scope.Layer, _steps.Keys);
        }

        emit(step, context);
    }

    /// <summary>Appends the operations of a branch.</summary>
    /// <exception cref="InputException">Its kind is not known.</exception>
    public void Emit(BranchSpec branch, BranchContext context)
    {
        if (!_branches.TryGetValue(branch.GetType(), out var emit))
        {
            throw Unknown("branch", branch.Kind, context.Scope.Layer, _branches.Keys);
        }

        emit(branch, context);
    }

    private static InputException Unknown(
        string what,
        string kind,
        int layer,
        IEnumerable<Type> known
    ) =>
        new(
            $"Layer {layer} of the plan has a {what} of the kind '{kind}', which nothing here computes; computed are {string.Join(", ", known.Select(type => type.Name))}."
        );
}

using Puna.Engine.Linear;
using Puna.Engine.Plan;
using Puna.Kernels.Memory;

namespace Puna.Engine.Execution.Compilation;

/// <summary>What the compiler of a step has at hand.</summary>
internal sealed class StepContext(OpList list, Compilers compilers, PlanScope scope, Slot stream)
{
    /// <summary>The list to which operations are appended.</summary>
    public OpList List => list;

    /// <summary>Where in the plan the step stands.</summary>
    public PlanScope Scope => scope;

    /// <summary>The residual stream before the step; the compiler sets it to the stream after it.</summary>
    public Slot Stream { get; set; } = stream;

    /// <summary>A linear map of this layer.</summary>
    public LinearLayer Linear(string module) =>
        list.Model.Weights.Linear(Modules.OfLayer(scope.Layer, module));

    /// <summary>A vector of this layer.</summary>
    public NativeBuffer<float> Vector(string module) =>
        list.Model.Weights.Vector(Modules.OfLayer(scope.Layer, module));

    /// <summary>Declares a slot.</summary>
    public Slot Slot(
        string name,
        RowSet rows,
        int columns,
        bool feedsProducts = false,
        Slot? over = null
    ) => list.Slots.Add($"layer {scope.Layer} {name}", rows, columns, feedsProducts, over);

    /// <summary>Appends the operations of a branch, and returns their result.</summary>
    /// <param name="branch">The branch.</param>
    /// <param name="input">What it reads; it must feed products where the branch has matrices.</param>
    /// <exception cref="InputException">The branch keeps a state and there is not one row for each token.</exception>
    public Slot Branch(BranchSpec branch, Slot input)
    {
        var states = list.States.Take(scope, branch);
        if (states.Count > 0 && input.Rows != list.Tokens)
        {
            throw new InputException(
                $"Layer {scope.Layer} of the plan has a branch of the kind '{branch.Kind}', which keeps a state, after a step that computes other rows than one for each token."
            );
        }

        var context = new BranchContext(this, input, states);
        compilers.Emit(branch, context);
        return context.Output
            ?? throw new InvalidOperationException(
                $"The compiler of '{branch.Kind}' gave no result."
            );
    }
}

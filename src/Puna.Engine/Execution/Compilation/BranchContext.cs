using Puna.Engine.Plan;

namespace Puna.Engine.Execution.Compilation;

/// <summary>What the compiler of a branch has at hand.</summary>
internal sealed class BranchContext(StepContext step, Slot input, IReadOnlyList<BranchState> states)
{
    /// <summary>The step that the branch belongs to: parameters, slots, branches inside this one.</summary>
    public StepContext Step => step;

    /// <summary>Where in the plan the branch stands.</summary>
    public PlanScope Scope => step.Scope;

    /// <summary>Rows that the branch reads, [T, d], ready for matrices.</summary>
    public Slot Input => input;

    /// <summary>The fixed states that the branch declares, in its order.</summary>
    public IReadOnlyList<BranchState> States => states;

    /// <summary>The result, [T, d]; set by the compiler.</summary>
    public Slot? Output { get; set; }

    /// <summary>Appends an operation.</summary>
    public void Add(PassOp operation) => step.List.Add(operation);
}

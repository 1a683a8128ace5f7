namespace Puna.Engine.Plan;

/// <summary>
/// What turns the rows of a layer's input into rows of the same width: attention, an MLP, a state space model, or a
/// combination of such. It is data; what computes it is compiled from it. A new kind is a new record: nothing here names
/// the kinds.
/// </summary>
public abstract record BranchSpec
{
    /// <summary>The name under which plans in files spell it.</summary>
    public abstract string Kind { get; }

    /// <summary>Branches that it is made of, itself not among them.</summary>
    public virtual IEnumerable<BranchSpec> Inner => [];

    /// <summary>Its tensors, in the order in which they are used.</summary>
    public abstract IEnumerable<ParameterSpec> Parameters(PlanScope scope);

    /// <summary>What it keeps between passes.</summary>
    public virtual IEnumerable<StateSpec> States(PlanScope scope) => [];

    /// <summary>Its cost in sequences of <paramref name="context"/> tokens.</summary>
    public virtual BranchCost Cost(PlanScope scope, long context) =>
        new(
            2.0 * Parameters(scope).Where(spec => spec.IsMatrix).Sum(spec => spec.Elements),
            0,
            0,
            0
        );

    /// <summary>Checks that its sizes are usable and fit the banks and the model.</summary>
    /// <exception cref="InputException">The first thing that does not hold.</exception>
    public abstract void Check(PlanScope scope);
}

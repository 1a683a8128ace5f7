namespace Puna.Engine.Plan;

/// <summary>
/// One thing that a layer does to the residual stream. Most are <see cref="ResidualStep"/>s; what changes the number of
/// rows (merging tokens, emitting memories, leaving the prompt early) is a step of its own kind.
/// </summary>
public abstract record LayerStep
{
    /// <summary>The name under which plans in files spell it.</summary>
    public abstract string Kind { get; }

    /// <summary>Its branches, those inside others too.</summary>
    public virtual IEnumerable<BranchSpec> Branches => [];

    /// <summary>Its tensors, those of its branches included, in the order in which they are used.</summary>
    public abstract IEnumerable<ParameterSpec> Parameters(PlanScope scope);

    /// <summary>Its cost in sequences of <paramref name="context"/> tokens.</summary>
    public abstract BranchCost Cost(PlanScope scope, long context);

    /// <summary>Checks it and its branches.</summary>
    /// <exception cref="InputException">The first thing that does not hold.</exception>
    public abstract void Check(PlanScope scope);
}

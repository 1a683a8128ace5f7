namespace Puna.Engine.Plan;

/// <summary>x += multiplier * postNorm(branch(norm(x))).</summary>
/// <param name="Branch">The branch.</param>
/// <param name="Norm">Module of the norm before the branch, as in <see cref="Modules"/>; null = none.</param>
/// <param name="PostNorm">Module of the norm of the branch's result; null = none.</param>
internal sealed record ResidualStep(BranchSpec Branch, string? Norm, string? PostNorm) : LayerStep
{
    /// <summary>The name of this kind in files.</summary>
    public const string KindName = "residual";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override IEnumerable<BranchSpec> Branches => WithInner(Branch);

    /// <inheritdoc/>
    public override IEnumerable<ParameterSpec> Parameters(PlanScope scope)
    {
        var width = scope.Config.HiddenSize;
        if (Norm is not null)
        {
            yield return scope.Norm(Norm, width);
        }

        foreach (var spec in Branch.Parameters(scope))
        {
            yield return spec;
        }

        if (PostNorm is not null)
        {
            yield return scope.Norm(PostNorm, width);
        }
    }

    /// <inheritdoc/>
    public override BranchCost Cost(PlanScope scope, long context) => Branch.Cost(scope, context);

    /// <inheritdoc/>
    public override void Check(PlanScope scope)
    {
        foreach (var branch in Branches)
        {
            branch.Check(scope);
        }
    }

    private static IEnumerable<BranchSpec> WithInner(BranchSpec branch) =>
        branch.Inner.SelectMany(WithInner).Prepend(branch);
}

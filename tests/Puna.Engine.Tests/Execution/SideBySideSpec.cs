using Puna.Engine.Plan;

namespace Puna.Engine.Tests.Execution;

/// <summary>Two branches that read the same rows; their results are added.</summary>
internal sealed record SideBySideSpec(BranchSpec Left, BranchSpec Right) : BranchSpec
{
    /// <inheritdoc/>
    public override string Kind => "side by side";

    /// <inheritdoc/>
    public override IEnumerable<BranchSpec> Inner => [Left, Right];

    /// <inheritdoc/>
    public override IEnumerable<ParameterSpec> Parameters(PlanScope scope) =>
        [.. Left.Parameters(scope), .. Right.Parameters(scope)];

    /// <inheritdoc/>
    public override void Check(PlanScope scope) { }
}

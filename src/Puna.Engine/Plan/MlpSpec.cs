namespace Puna.Engine.Plan;

/// <summary>The SwiGLU multilayer perceptron of a layer: W_down (silu(W_gate x) * W_up x).</summary>
/// <param name="Width">f.</param>
/// <param name="Bias">Bias on all three projections.</param>
internal sealed record MlpSpec(int Width, bool Bias) : BranchSpec
{
    /// <summary>The name of this kind in files.</summary>
    public const string KindName = "swiglu";

    /// <inheritdoc/>
    public override string Kind => KindName;

    /// <inheritdoc/>
    public override IEnumerable<ParameterSpec> Parameters(PlanScope scope)
    {
        var width = scope.Config.HiddenSize;
        return
        [
            .. scope.Linear(Modules.Gate, Width, width, Bias),
            .. scope.Linear(Modules.Up, Width, width, Bias),
            .. scope.Linear(Modules.Down, width, Width, Bias),
        ];
    }

    /// <inheritdoc/>
    public override void Check(PlanScope scope) =>
        scope.Require(
            Width > 0 && Width <= ModelConfigRules.LargestSize,
            $"has an MLP of width {Width}; 1 to {ModelConfigRules.LargestSize} is accepted."
        );
}

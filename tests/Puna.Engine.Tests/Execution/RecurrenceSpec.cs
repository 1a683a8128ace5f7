using Puna.Engine.Plan;

namespace Puna.Engine.Tests.Execution;

/// <summary>
/// A branch that remembers: h_t = a * h_(t-1) + x_t, and every third token m = m / 2 + h, as fast weights are updated chunk by
/// chunk; y_t = W (h_t + m before the token). W is a matrix that another branch of the layer has.
/// </summary>
/// <param name="Decay">a.</param>
/// <param name="Module">W, [d, d].</param>
internal sealed record RecurrenceSpec(float Decay, string Module) : BranchSpec
{
    /// <inheritdoc/>
    public override string Kind => "recurrence";

    /// <inheritdoc/>
    public override IEnumerable<ParameterSpec> Parameters(PlanScope scope) => [];

    /// <summary>h with the number of tokens behind it, and m.</summary>
    public override IEnumerable<StateSpec> States(PlanScope scope) =>
        [new FixedState(scope.Config.HiddenSize + 1), new FixedState(scope.Config.HiddenSize)];

    /// <inheritdoc/>
    public override void Check(PlanScope scope) =>
        scope.Require(Decay is >= 0 and < 1, $"decays by {Decay}; 0 to 1 is accepted.");
}

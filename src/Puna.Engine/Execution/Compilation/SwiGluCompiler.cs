using Puna.Engine.Execution.Operations;
using Puna.Engine.Plan;

namespace Puna.Engine.Execution.Compilation;

/// <summary>W_down (silu(W_gate x) * W_up x).</summary>
internal sealed class SwiGluCompiler : IBranchCompiler<MlpSpec>
{
    /// <inheritdoc/>
    public void Emit(MlpSpec branch, BranchContext context)
    {
        var (step, rows) = (context.Step, context.Input.Rows);
        var gate = step.Slot("gate", rows, branch.Width);
        var up = step.Slot("up", rows, branch.Width);
        var activated = step.Slot("activated", rows, branch.Width, feedsProducts: true, over: gate);
        var result = step.Slot("mlp", rows, context.Scope.Config.HiddenSize);
        context.Add(
            new ProjectionOp(
                ForwardStage.GateUp,
                context.Input,
                (step.Linear(Modules.Gate), gate),
                (step.Linear(Modules.Up), up)
            )
        );
        context.Add(new SwiGluOp(gate, up, activated));
        context.Add(
            new ProjectionOp(ForwardStage.Down, activated, (step.Linear(Modules.Down), result))
        );
        context.Output = result;
    }
}

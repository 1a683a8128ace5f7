using Puna.Engine.Execution;
using Puna.Engine.Execution.Compilation;
using Puna.Engine.Execution.Operations;

namespace Puna.Engine.Tests.Execution;

/// <summary>The recurrence, then W.</summary>
internal sealed class RecurrenceCompiler : IBranchCompiler<RecurrenceSpec>
{
    /// <inheritdoc/>
    public void Emit(RecurrenceSpec branch, BranchContext context)
    {
        var (step, input) = (context.Step, context.Input);
        var read = step.Slot("read", input.Rows, input.Columns, feedsProducts: true);
        var result = step.Slot("recurrence", input.Rows, input.Columns);
        context.Add(
            new RecurrenceOp(branch.Decay, context.States[0], context.States[1], input, read)
        );
        context.Add(
            new ProjectionOp(ForwardStage.Down, read, (step.Linear(branch.Module), result))
        );
        context.Output = result;
    }
}

using Puna.Engine.Execution.Compilation;
using Puna.Engine.Execution.Operations;

namespace Puna.Engine.Tests.Execution;

/// <summary>Has both branches compiled, the second one first: the order is the compiler's own.</summary>
internal sealed class SideBySideCompiler : IBranchCompiler<SideBySideSpec>
{
    /// <inheritdoc/>
    public void Emit(SideBySideSpec branch, BranchContext context)
    {
        var right = context.Step.Branch(branch.Right, context.Input);
        var left = context.Step.Branch(branch.Left, context.Input);
        var sum = context.Step.Slot("sum", left.Rows, left.Columns, over: left);
        context.Add(new ResidualOp(left, right, 1, sum));
        context.Output = sum;
    }
}

using Puna.Engine.Execution.Operations;
using Puna.Engine.Plan;

namespace Puna.Engine.Execution.Compilation;

/// <summary>x += multiplier * postNorm(branch(norm(x))).</summary>
internal sealed class ResidualCompiler : IStepCompiler<ResidualStep>
{
    /// <inheritdoc/>
    public void Emit(ResidualStep step, StepContext context)
    {
        var config = context.Scope.Config;
        var stream = context.Stream;
        var (rows, width) = (stream.Rows, stream.Columns);
        var input = context.Slot("input", rows, width, feedsProducts: true);
        context.List.Add(
            new NormOp(
                ForwardStage.Norm,
                step.Norm is { } norm ? context.Vector(norm) : null,
                config.NormEpsilon,
                stream,
                input
            )
        );
        var result = context.Branch(step.Branch, input);
        if (step.PostNorm is { } postNorm)
        {
            var normed = context.Slot("result", rows, width, over: result);
            context.List.Add(
                new NormOp(
                    ForwardStage.Residual,
                    context.Vector(postNorm),
                    config.NormEpsilon,
                    result,
                    normed
                )
            );
            result = normed;
        }

        var sum = context.Slot("stream", rows, width, over: stream);
        context.List.Add(new ResidualOp(stream, result, config.ResidualMultiplier, sum));
        context.Stream = sum;
    }
}

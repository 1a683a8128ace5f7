using Puna.Engine.Execution.Operations;
using Puna.Engine.Linear;
using Puna.Engine.Plan;
using Puna.Kernels.Memory;

namespace Puna.Engine.Execution.Compilation;

/// <summary>Attention: q (and k, v where the layer makes them), head norms, rotation, pages, attention, output.</summary>
internal sealed class AttentionCompiler : IBranchCompiler<AttentionSpec>
{
    /// <inheritdoc/>
    public void Emit(AttentionSpec branch, BranchContext context)
    {
        var (step, input) = (context.Step, context.Input);
        var bank = context.Scope.Plan.Banks[branch.Bank];
        var queries = step.Slot("queries", input.Rows, branch.QueryWidth);
        List<(LinearLayer Linear, Slot Result)> projections =
        [
            (step.Linear(Modules.Query), queries),
        ];
        if (context.Scope.Makes(branch.Bank))
        {
            if (input.Rows != step.List.Tokens)
            {
                throw new InputException(
                    $"Layer {context.Scope.Layer} of the plan makes keys and values after a step that computes other rows than one for each token; only layers that read those of earlier layers can follow it."
                );
            }

            var keys = step.Slot("keys", input.Rows, bank.Heads * bank.HeadDim);
            var values = step.Slot("values", input.Rows, bank.Heads * bank.HeadDim);
            projections.Add((step.Linear(Modules.Key), keys));
            projections.Add((step.Linear(Modules.Value), values));
            context.Add(new ProjectionOp(ForwardStage.QueryKeyValue, input, [.. projections]));
            keys = Prepare(branch, context, "prepared keys", keys, Modules.KeyNorm, bank.Heads);
            queries = Prepare(
                branch,
                context,
                "prepared queries",
                queries,
                Modules.QueryNorm,
                branch.Heads
            );
            context.Add(new CacheWriteOp(bank, keys, values));
        }
        else
        {
            context.Add(new ProjectionOp(ForwardStage.QueryKeyValue, input, [.. projections]));
            queries = Prepare(
                branch,
                context,
                "prepared queries",
                queries,
                Modules.QueryNorm,
                branch.Heads
            );
        }

        var attended = step.Slot("attended", input.Rows, branch.QueryWidth, feedsProducts: true);
        context.Add(
            new AttentionOp(step.List.Attention, context.Scope.Layer, branch, queries, attended)
        );
        var result = step.Slot("attention", input.Rows, context.Scope.Config.HiddenSize);
        context.Add(
            new ProjectionOp(
                ForwardStage.AttentionOutput,
                attended,
                (step.Linear(Modules.AttentionOutput), result)
            )
        );
        context.Output = result;
    }

    private static Slot Prepare(
        AttentionSpec branch,
        BranchContext context,
        string name,
        Slot rows,
        string norm,
        int heads
    )
    {
        NativeBuffer<float>? weight = branch.QueryKeyNorm ? context.Step.Vector(norm) : null;
        if (weight is null && !branch.Rotary)
        {
            return rows;
        }

        var prepared = context.Step.Slot(name, rows.Rows, rows.Columns, over: rows);
        context.Add(
            new HeadsOp(
                weight,
                context.Scope.Config.NormEpsilon,
                branch.Rotary ? rows.Rows.Angles : null,
                heads,
                rows,
                prepared
            )
        );
        return prepared;
    }
}

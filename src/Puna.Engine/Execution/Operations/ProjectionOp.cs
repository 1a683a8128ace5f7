using Puna.Engine.Linear;
using Puna.Kernels.Matrices;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>y_i = W_i x + b_i for linear maps that read the same rows: one job of the threads for all products.</summary>
internal sealed class ProjectionOp(
    ForwardStage stage,
    Slot input,
    params (LinearLayer Linear, Slot Result)[] projections
) : PassOp
{
    private readonly MatrixProduct[] _products = new MatrixProduct[projections.Length];

    /// <inheritdoc/>
    public override ForwardStage Stage => stage;

    /// <inheritdoc/>
    public override void Declare(SlotUses uses)
    {
        uses.Reads(input);
        uses.Saves(input);
        foreach (var (_, result) in projections)
        {
            uses.Writes(result);
        }
    }

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<int> ids, WorkerPool pool)
    {
        var x = input.Activations;
        for (var index = 0; index < projections.Length; index++)
        {
            var (linear, result) = projections[index];
            _products[index] = new MatrixProduct(linear.Weight, result.Values.Values);
        }

        JoinedProduct.Multiply(x, pool, _products);
        foreach (var (linear, result) in projections)
        {
            linear.Finish(x, result.Values, input.Rows.Adapters, pool);
        }
    }
}

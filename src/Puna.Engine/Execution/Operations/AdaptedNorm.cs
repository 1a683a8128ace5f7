using Puna.Engine.Linear;
using Puna.Kernels.Memory;
using Puna.Kernels.Norm;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>RMSNorm with the weight of the model, or for rows with adapters that which takes its place.</summary>
internal static class AdaptedNorm
{
    /// <summary>Normalises every row; y may be x.</summary>
    public static void Forward(
        FloatRows x,
        NativeBuffer<float> weight,
        float epsilon,
        FloatRows y,
        ReadOnlySpan<AdapterRun> runs,
        WorkerPool pool
    )
    {
        var row = 0;
        foreach (var run in runs)
        {
            if (run.Adapters.Of(weight) is var other && other != weight)
            {
                Part(x, weight, epsilon, y, row, run.FirstRow - row, pool);
                Part(x, other, epsilon, y, run.FirstRow, run.Rows, pool);
                row = run.FirstRow + run.Rows;
            }
        }

        Part(x, weight, epsilon, y, row, x.Rows - row, pool);
    }

    private static void Part(
        FloatRows x,
        NativeBuffer<float> weight,
        float epsilon,
        FloatRows y,
        int firstRow,
        int rows,
        WorkerPool pool
    )
    {
        if (rows > 0)
        {
            RmsNorm.Forward(
                x.Slice(firstRow, rows),
                weight.Span,
                epsilon,
                y.Slice(firstRow, rows),
                pool
            );
        }
    }
}

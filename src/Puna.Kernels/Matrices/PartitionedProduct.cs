using Puna.Kernels.Activations;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>The product of one <see cref="IPartitionedProduct"/> as a job of its own.</summary>
internal static class PartitionedProduct
{
    /// <summary>Multiplies; the shapes have been checked.</summary>
    public static void Multiply<TMatrix>(
        TMatrix matrix,
        ActivationRows x,
        FloatRows y,
        WorkerPool pool
    )
        where TMatrix : PackedMatrix, IPartitionedProduct
    {
        var job = new Job(matrix, x, y);
        Dispatch.Share(ref job, pool, (long)matrix.Rows * matrix.Columns * x.Tokens);
    }

    private readonly struct Job(IPartitionedProduct matrix, ActivationRows x, FloatRows y)
        : IParallelJob
    {
        public void Execute(int part, int parts) => matrix.MultiplyPart(x, y, part, parts);
    }
}

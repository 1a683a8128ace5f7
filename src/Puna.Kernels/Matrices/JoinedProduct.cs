using Puna.Kernels.Activations;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>
/// Products of several matrices with the same activations (queries, keys and values; gate and up), as one job: the
/// threads meet once instead of once for each matrix, which is felt where a product takes a few microseconds.
/// </summary>
public static class JoinedProduct
{
    /// <summary>Every result is what <see cref="PackedMatrix.Multiply"/> of that matrix alone gives, bit for bit.</summary>
    /// <param name="x">Activations [T, K].</param>
    /// <param name="pool">Threads.</param>
    /// <param name="products">The matrices, of K columns each, and their results, which must not overlap.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other or the memory.</exception>
    public static void Multiply(
        ActivationRows x,
        WorkerPool pool,
        params ReadOnlySpan<MatrixProduct> products
    )
    {
        var work = 0L;
        var partitioned = true;
        foreach (var product in products)
        {
            product.Matrix.CheckProduct(x, Rows(product, x));
            work += (long)product.Matrix.Rows * product.Matrix.Columns * x.Tokens;
            partitioned &= product.Matrix is IPartitionedProduct;
        }

        if (!partitioned)
        {
            foreach (var product in products)
            {
                product.Matrix.Multiply(x, Rows(product, x), pool);
            }

            return;
        }

        var job = new Job(x, products);
        Dispatch.Share(ref job, pool, work);
    }

    private static FloatRows Rows(in MatrixProduct product, ActivationRows x) =>
        new(product.Result, x.Tokens, product.Matrix.Rows);

    private readonly ref struct Job(ActivationRows x, ReadOnlySpan<MatrixProduct> products)
        : IParallelJob
    {
        private readonly ReadOnlySpan<MatrixProduct> _products = products;

        public void Execute(int part, int parts)
        {
            foreach (var product in _products)
            {
                ((IPartitionedProduct)product.Matrix).MultiplyPart(
                    x,
                    Rows(product, x),
                    part,
                    parts
                );
            }
        }
    }
}

using Puna.Kernels.Activations;
using Puna.Kernels.Lanes;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Quantised;

/// <summary>
/// A packed matrix of any block format. With int8 activations its product is exact in integers inside each sub-block
/// (see <see cref="BlockProduct"/>); with f32 activations the weights are decoded to f32 panels.
/// </summary>
internal abstract unsafe class PackedBlockMatrix(int rows, int columns)
    : PackedMatrix(rows, columns),
        IPartitionedProduct
{
    /// <inheritdoc/>
    public sealed override void Multiply(ActivationRows x, FloatRows y, WorkerPool pool)
    {
        CheckProduct(x, y);
        PartitionedProduct.Multiply(this, x, y, pool);
    }

    /// <inheritdoc/>
    public abstract void MultiplyPart(ActivationRows x, FloatRows y, int part, int parts);

    /// <summary>
    /// The int8 product with the vectors of a level; every level runs everywhere, in software if it must. Emitted loops
    /// are used at the widest level where they exist and pay, if so wanted.
    /// </summary>
    internal abstract void MultiplyInt8(
        ActivationRows x,
        FloatRows y,
        WorkerPool pool,
        KernelLevel level,
        bool emitted
    );

    /// <summary>Decodes a panel [count, 16] of a row group with vectors of 4, 8 or 16 rows.</summary>
    internal abstract void DecodePanel(int group, int first, int count, int width, float* panel);

    /// <summary>Rows of a vector at a level.</summary>
    private protected static int Width(KernelLevel level) =>
        level switch
        {
            KernelLevel.Avx512 => 16,
            KernelLevel.Avx2 => 8,
            _ => 4,
        };
}

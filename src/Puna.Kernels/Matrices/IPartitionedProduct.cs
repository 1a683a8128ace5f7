using Puna.Kernels.Activations;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Matrices;

/// <summary>A matrix whose product can be shared out among threads by its rows, so that several share one job.</summary>
internal interface IPartitionedProduct
{
    /// <summary>
    /// Part <paramref name="part"/> of <paramref name="parts"/> of <see cref="PackedMatrix.Multiply"/>, on this thread;
    /// the shapes have been checked.
    /// </summary>
    void MultiplyPart(ActivationRows x, FloatRows y, int part, int parts);
}

using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Linear;

/// <summary>A linear map T [K, K] of the inputs of a weight: a rotation, a permutation, scales by channel.</summary>
internal abstract class InputTransform
{
    /// <summary>to[t, :] = T x[t, :].</summary>
    public abstract void Forward(FloatRows x, FloatRows to, WorkerPool pool);

    /// <summary>x = T^t x, in place: what turns a row of W into one of W T, and gradients back. Called by several threads at once.</summary>
    public abstract void Transposed(Span<float> x);
}

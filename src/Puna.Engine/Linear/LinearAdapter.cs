using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Linear;

/// <summary>
/// What an adapter does to one linear map, for the rows that ask for it. It acts behind the product and the bias of the
/// base: most adapters add to y, one that replaces the base overwrites it.
/// </summary>
internal abstract class LinearAdapter : IDisposable
{
    /// <summary>Turns y = W x + b into what the adapted map gives. Allocates nothing once it has grown.</summary>
    /// <param name="x">Inputs [T, Columns], in f32 whatever the arithmetic of the base.</param>
    /// <param name="y">Results [T, Rows].</param>
    /// <param name="pool">Threads.</param>
    public abstract void Forward(FloatRows x, FloatRows y, WorkerPool pool);

    /// <inheritdoc/>
    public abstract void Dispose();
}

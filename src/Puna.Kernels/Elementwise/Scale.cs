using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>x *= factor.</summary>
public static class Scale
{
    /// <summary>x[r, c] *= factor.</summary>
    /// <param name="x">[R, C]; changed.</param>
    /// <param name="factor">Factor.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static void Forward(FloatRows x, float factor, WorkerPool pool) =>
        ElementRows.Run(new Operator(factor), x, x, x, pool);

    internal readonly struct Operator(float factor) : IElementOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply<TLanes>(TLanes left, TLanes right)
            where TLanes : unmanaged, ILanes<TLanes> => left * TLanes.Broadcast(factor);
    }
}

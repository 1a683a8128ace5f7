using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>x += scale * y: a residual connection.</summary>
public static class ScaledAdd
{
    /// <summary>x[r, c] += scale * y[r, c].</summary>
    /// <param name="x">[R, C]; changed.</param>
    /// <param name="y">[R, C].</param>
    /// <param name="scale">Factor.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static void Forward(FloatRows x, FloatRows y, float scale, WorkerPool pool) =>
        ElementRows.Run(new Operator(scale), x, y, x, pool);

    internal readonly struct Operator(float scale) : IElementOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply<TLanes>(TLanes left, TLanes right)
            where TLanes : unmanaged, ILanes<TLanes> =>
            TLanes.Fma(TLanes.Broadcast(scale), right, left);
    }
}

using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>silu(x) = x / (1 + e^-x). Below about -88.7, where e^-x overflows, the result is -0.</summary>
public static class Silu
{
    /// <summary>y[r, c] = silu(x[r, c]); y may be x.</summary>
    /// <param name="x">[R, C].</param>
    /// <param name="y">[R, C].</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static void Forward(FloatRows x, FloatRows y, WorkerPool pool) =>
        ElementRows.Run(default(Operator), x, x, y, pool);

    /// <summary>silu of every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes> =>
        x / (TLanes.Broadcast(1) + Exponential.Of(TLanes.Broadcast(0) - x));

    internal readonly struct Operator : IElementOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply<TLanes>(TLanes left, TLanes right)
            where TLanes : unmanaged, ILanes<TLanes> => Of(left);
    }
}

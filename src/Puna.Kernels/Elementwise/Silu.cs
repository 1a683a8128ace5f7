using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>silu(x) = x / (1 + e^-x). Below about -88.7, where e^-x overflows, the result is -0.</summary>
public static class Silu
{
    /// <summary>y[r, c] = silu(x[r, c]); y may be x.</summary>
    /// <param name="x">Row r at r * xStride.</param>
    /// <param name="xStride">Elements from row to row of x.</param>
    /// <param name="y">Row r at r * yStride.</param>
    /// <param name="yStride">Elements from row to row of y.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="pool">Threads.</param>
    public static void Forward(
        NativeSpan<float> x,
        int xStride,
        NativeSpan<float> y,
        int yStride,
        int rows,
        int columns,
        WorkerPool pool
    ) =>
        ElementRows.Run(default(Operator), x, xStride, x, xStride, y, yStride, rows, columns, pool);

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

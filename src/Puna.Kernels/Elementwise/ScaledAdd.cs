using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>x += scale * y: a residual connection.</summary>
public static class ScaledAdd
{
    /// <summary>x[r, c] += scale * y[r, c].</summary>
    /// <param name="x">Row r at r * xStride; changed.</param>
    /// <param name="xStride">Elements from row to row of x.</param>
    /// <param name="y">Row r at r * yStride.</param>
    /// <param name="yStride">Elements from row to row of y.</param>
    /// <param name="scale">Factor.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="pool">Threads.</param>
    public static void Forward(
        NativeSpan<float> x,
        int xStride,
        NativeSpan<float> y,
        int yStride,
        float scale,
        int rows,
        int columns,
        WorkerPool pool
    ) =>
        ElementRows.Run(
            new Operator(scale),
            x,
            xStride,
            y,
            yStride,
            x,
            xStride,
            rows,
            columns,
            pool
        );

    internal readonly struct Operator(float scale) : IElementOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply<TLanes>(TLanes left, TLanes right)
            where TLanes : unmanaged, ILanes<TLanes> =>
            TLanes.Fma(TLanes.Broadcast(scale), right, left);
    }
}

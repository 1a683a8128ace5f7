using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>x *= factor.</summary>
public static class Scale
{
    /// <summary>x[r, c] *= factor.</summary>
    /// <param name="x">Row r at r * xStride; changed.</param>
    /// <param name="xStride">Elements from row to row of x.</param>
    /// <param name="factor">Factor.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="pool">Threads.</param>
    public static void Forward(
        NativeSpan<float> x,
        int xStride,
        float factor,
        int rows,
        int columns,
        WorkerPool pool
    ) =>
        ElementRows.Run(
            new Operator(factor),
            x,
            xStride,
            x,
            xStride,
            x,
            xStride,
            rows,
            columns,
            pool
        );

    internal readonly struct Operator(float factor) : IElementOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply<TLanes>(TLanes left, TLanes right)
            where TLanes : unmanaged, ILanes<TLanes> => left * TLanes.Broadcast(factor);
    }
}

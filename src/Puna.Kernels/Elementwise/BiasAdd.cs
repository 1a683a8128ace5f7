using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>Adds one row to every row.</summary>
public static class BiasAdd
{
    /// <summary>x[r, c] += bias[c].</summary>
    /// <param name="x">Row r at r * xStride; changed.</param>
    /// <param name="xStride">Elements from row to row of x.</param>
    /// <param name="bias">One row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="pool">Threads.</param>
    public static void Forward(
        NativeSpan<float> x,
        int xStride,
        NativeSpan<float> bias,
        int rows,
        int columns,
        WorkerPool pool
    ) => ElementRows.Run(default(Operator), x, xStride, bias, 0, x, xStride, rows, columns, pool);

    internal readonly struct Operator : IElementOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply<TLanes>(TLanes left, TLanes right)
            where TLanes : unmanaged, ILanes<TLanes> => left + right;
    }
}

using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>silu(gate) * up, the activation of a gated feed-forward branch (Shazeer 2020, equation 6).</summary>
public static class SwiGlu
{
    /// <summary>y[r, c] = silu(gate[r, c]) * up[r, c]; y may be gate or up.</summary>
    /// <param name="gate">Row r at r * gateStride.</param>
    /// <param name="gateStride">Elements from row to row of gate.</param>
    /// <param name="up">Row r at r * upStride.</param>
    /// <param name="upStride">Elements from row to row of up.</param>
    /// <param name="y">Row r at r * yStride.</param>
    /// <param name="yStride">Elements from row to row of y.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="pool">Threads.</param>
    public static void Forward(
        NativeSpan<float> gate,
        int gateStride,
        NativeSpan<float> up,
        int upStride,
        NativeSpan<float> y,
        int yStride,
        int rows,
        int columns,
        WorkerPool pool
    ) =>
        ElementRows.Run(
            default(Operator),
            gate,
            gateStride,
            up,
            upStride,
            y,
            yStride,
            rows,
            columns,
            pool
        );

    internal readonly struct Operator : IElementOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply<TLanes>(TLanes left, TLanes right)
            where TLanes : unmanaged, ILanes<TLanes> => Silu.Of(left) * right;
    }
}

using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>silu(gate) * up, the activation of a gated feed-forward branch (Shazeer 2020, equation 6).</summary>
public static class SwiGlu
{
    /// <summary>y[r, c] = silu(gate[r, c]) * up[r, c]; y may be gate or up.</summary>
    /// <param name="gate">[R, C].</param>
    /// <param name="up">[R, C].</param>
    /// <param name="y">[R, C].</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static void Forward(FloatRows gate, FloatRows up, FloatRows y, WorkerPool pool) =>
        ElementRows.Run(default(Operator), gate, up, y, pool);

    internal readonly struct Operator : IElementOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply<TLanes>(TLanes left, TLanes right)
            where TLanes : unmanaged, ILanes<TLanes> => Silu.Of(left) * right;
    }
}

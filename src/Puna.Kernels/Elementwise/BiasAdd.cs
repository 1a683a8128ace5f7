using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>Adds one row to every row.</summary>
public static class BiasAdd
{
    /// <summary>x[r, c] += bias[c].</summary>
    /// <param name="x">[R, C]; changed.</param>
    /// <param name="bias">One row, C.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static void Forward(FloatRows x, NativeSpan<float> bias, WorkerPool pool) =>
        ElementRows.Run(default(Operator), x, bias, x, pool);

    internal readonly struct Operator : IElementOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply<TLanes>(TLanes left, TLanes right)
            where TLanes : unmanaged, ILanes<TLanes> => left + right;
    }
}

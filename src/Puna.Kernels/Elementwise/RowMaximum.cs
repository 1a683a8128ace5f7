using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Elementwise;

/// <summary>The greatest element of a row.</summary>
internal static unsafe class RowMaximum
{
    /// <summary>The greatest element that is not NaN, -Infinity where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Of<TLanes>(float* x, int count)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        // The running maximum is the right argument, which Max returns when the left one is NaN.
        var best = TLanes.Broadcast(float.NegativeInfinity);
        var second = best;
        var index = 0;
        for (; index + 2 * TLanes.Width <= count; index += 2 * TLanes.Width)
        {
            best = TLanes.Max(TLanes.Load(x + index), best);
            second = TLanes.Max(TLanes.Load(x + index + TLanes.Width), second);
        }

        best = TLanes.Max(second, best);
        for (; index < count; index += TLanes.Width)
        {
            var value =
                count - index >= TLanes.Width
                    ? TLanes.Load(x + index)
                    : PartialLanes.Load<TLanes>(x + index, count - index, float.NegativeInfinity);
            best = TLanes.Max(value, best);
        }

        return TLanes.Maximum(best);
    }
}

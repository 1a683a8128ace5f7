using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>
/// e^x for x at most 0, within 2 units in the last place: x = n ln 2 + r with |r| at most ln 2 / 2, e^x = 2^n e^r, and
/// e^r = 1 + r + r^2 q(r) with q of degree 4 through the Chebyshev nodes (its own error is 1e-8 relative).
/// </summary>
internal static class VectorExp
{
    // Below -104 the result, under half of the smallest subnormal number, is 0; minus infinity comes out as 0 too.
    private const float Lowest = -104;
    private const float Log2E = 1.44269504f;

    // ln 2 in two parts, the first with so few bits that n times it is exact.
    private const float Ln2High = 0.693359375f;
    private const float Ln2Low = -2.12194440e-4f;

    /// <summary>e^x, lane by lane; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes NonPositive<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        x = TLanes.Max(TLanes.Broadcast(Lowest), x);
        var n = TLanes.Round(x * TLanes.Broadcast(Log2E));
        var r = TLanes.Fma(n, TLanes.Broadcast(-Ln2High), x);
        r = TLanes.Fma(n, TLanes.Broadcast(-Ln2Low), r);
        var q = TLanes.Fma(TLanes.Broadcast(0.0013926191f), r, TLanes.Broadcast(0.0083631850f));
        q = TLanes.Fma(q, r, TLanes.Broadcast(0.041666555f));
        q = TLanes.Fma(q, r, TLanes.Broadcast(0.16666577f));
        q = TLanes.Fma(q, r, TLanes.Broadcast(0.5f));
        var tail = TLanes.Fma(q, r * r, r);
        return TLanes.ScaleByPowerOfTwo(tail + TLanes.Broadcast(1), n);
    }
}

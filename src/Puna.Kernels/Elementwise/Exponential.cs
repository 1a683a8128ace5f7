using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>
/// e^x within two units in the last place for every f32: overflow gives Inf, underflow passes through the subnormal
/// numbers to 0, NaN stays NaN.
/// </summary>
internal static class Exponential
{
    // e^104 times the least subnormal is below a half, and e^89 is above the greatest f32: beyond them nothing changes.
    private const float Lowest = -104;
    private const float Highest = 89;

    // ln 2 in two parts; the first has so few bits that its product with a whole number below 256 is exact.
    private const float Ln2Upper = 0.693359375f;
    private const float Ln2Lower = -2.12194440e-4f;
    private const float Log2E = 1.44269504f;

    /// <summary>y[r, c] = e^x[r, c]; y may be x.</summary>
    /// <param name="x">[R, C].</param>
    /// <param name="y">[R, C].</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static void Forward(FloatRows x, FloatRows y, WorkerPool pool) =>
        ElementRows.Run(default(Operator), x, x, y, pool);

    /// <summary>
    /// e^x = 2^n e^r with n = round(x / ln 2) and |r| at most ln(2) / 2. The polynomial interpolates e^r at the seven
    /// Chebyshev points of that interval: its relative error is 3e-9, far below f32's rounding.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static TLanes Of<TLanes>(TLanes x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        // In this order of arguments Max and Min let NaN through.
        x = TLanes.Min(TLanes.Broadcast(Highest), TLanes.Max(TLanes.Broadcast(Lowest), x));
        var n = TLanes.Round(x * TLanes.Broadcast(Log2E));
        var r = TLanes.Fma(n, TLanes.Broadcast(-Ln2Upper), x);
        r = TLanes.Fma(n, TLanes.Broadcast(-Ln2Lower), r);

        var p = TLanes.Broadcast(0.00139411189f);
        p = TLanes.Fma(p, r, TLanes.Broadcast(0.00837513477f));
        p = TLanes.Fma(p, r, TLanes.Broadcast(0.0416663528f));
        p = TLanes.Fma(p, r, TLanes.Broadcast(0.166664154f));
        p = TLanes.Fma(p, r, TLanes.Broadcast(0.5f));
        p = TLanes.Fma(p, r, TLanes.Broadcast(1f));
        p = TLanes.Fma(p, r, TLanes.Broadcast(1f));
        return TLanes.ScaleByPowerOfTwo(p, n);
    }

    internal readonly struct Operator : IElementOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TLanes Apply<TLanes>(TLanes left, TLanes right)
            where TLanes : unmanaged, ILanes<TLanes> => Of(left);
    }
}

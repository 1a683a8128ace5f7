using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Limits;

/// <summary>
/// Twelve independent chains of f32 multiply-adds in registers: more than latency times units of any known processor,
/// and few enough for 16 registers.
/// </summary>
internal readonly unsafe struct MultiplyAddProbe(long rounds, float* sink) : ILanesJob
{
    /// <summary>Multiply-adds of one lane in a round; each counts as 2 operations.</summary>
    public const int Chains = 12;

    private readonly float* _sink = sink;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TLanes>(int part, int parts)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        // a -> a * x + y stays near y / (1 - x): neither overflow nor denormals, which would be slow.
        var x = TLanes.Broadcast(0.5f);
        var y = TLanes.Broadcast(0.25f + part);
        TLanes a0 = y,
            a1 = y,
            a2 = y,
            a3 = y,
            a4 = y,
            a5 = y,
            a6 = y,
            a7 = y,
            a8 = y,
            a9 = y,
            a10 = y,
            a11 = y;
        for (var round = rounds; round > 0; round--)
        {
            a0 = TLanes.Fma(a0, x, y);
            a1 = TLanes.Fma(a1, x, y);
            a2 = TLanes.Fma(a2, x, y);
            a3 = TLanes.Fma(a3, x, y);
            a4 = TLanes.Fma(a4, x, y);
            a5 = TLanes.Fma(a5, x, y);
            a6 = TLanes.Fma(a6, x, y);
            a7 = TLanes.Fma(a7, x, y);
            a8 = TLanes.Fma(a8, x, y);
            a9 = TLanes.Fma(a9, x, y);
            a10 = TLanes.Fma(a10, x, y);
            a11 = TLanes.Fma(a11, x, y);
        }

        var sum = a0 + a1 + a2 + (a3 + a4 + a5) + (a6 + a7 + a8) + (a9 + a10 + a11);
        TLanes.Store(sum, _sink + part * ReadProbe.Line);
    }
}

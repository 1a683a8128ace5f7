using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Limits;

/// <summary>
/// Reads memory several times over (but for what does not fill a line of every stream), each thread a stretch of its own, as four streams with the lines ahead of each prefetched: the
/// fastest form found for memory far larger than the caches.
/// </summary>
internal readonly unsafe struct ReadProbe(float* memory, long floats, long rounds, float* sink)
    : ILanesJob
{
    /// <summary>Floats of one cache line.</summary>
    public const int Line = 16;

    // 4 KiB ahead in each stream.
    private const int Ahead = 1024;
    private const int Streams = 4;
    private readonly float* _memory = memory;
    private readonly float* _sink = sink;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TLanes>(int part, int parts)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var stretch = floats / (parts * Streams * Line) * Line;
        TLanes a = TLanes.BroadcastBits(0),
            b = a,
            c = a,
            d = a;
        for (var round = rounds; round > 0; round--)
        {
            var p0 = _memory + part * stretch * Streams;
            var p1 = p0 + stretch;
            var p2 = p1 + stretch;
            var p3 = p2 + stretch;
            var end = p1;
            while (p0 < end)
            {
                if (Sse.IsSupported)
                {
                    Sse.Prefetch0(p0 + Ahead);
                    Sse.Prefetch0(p1 + Ahead);
                    Sse.Prefetch0(p2 + Ahead);
                    Sse.Prefetch0(p3 + Ahead);
                }

                for (var index = 0; index < Line; index += TLanes.Width)
                {
                    a = TLanes.AddBits(a, TLanes.Load(p0 + index));
                    b = TLanes.AddBits(b, TLanes.Load(p1 + index));
                    c = TLanes.AddBits(c, TLanes.Load(p2 + index));
                    d = TLanes.AddBits(d, TLanes.Load(p3 + index));
                }

                p0 += Line;
                p1 += Line;
                p2 += Line;
                p3 += Line;
            }
        }

        // The sum goes to memory, so that no load can be left out.
        TLanes.Store(
            TLanes.AddBits(TLanes.AddBits(a, b), TLanes.AddBits(c, d)),
            _sink + part * Line
        );
    }
}

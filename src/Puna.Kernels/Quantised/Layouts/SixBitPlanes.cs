using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// The eight 6-bit scales and minima of Q4_K and Q5_K: d and dmin for each of 16 rows, then the file's twelve bytes,
/// each of 16 rows side by side.
/// </summary>
internal static unsafe class SixBitPlanes
{
    private const int Group = PackedMatrix.RowGroup;

    /// <summary>Scale j = d * scale code, minimum j = -dmin * minimum code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TLanes>(byte* scales, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var six = TLanes.Broadcast(63);
        var nibble = TLanes.Broadcast(15);
        var crumb = TLanes.Broadcast(0x30);
        for (var row = 0; row < Group; row += TLanes.Rows)
        {
            var d = TLanes.LoadHalves(scales + 2 * row);
            var minus = TLanes.Multiply(
                TLanes.LoadHalves(scales + 2 * (Group + row)),
                TLanes.Broadcast(-1f)
            );
            var bytes = scales + 64 + row;
            for (var sub = 0; sub < 4; sub++)
            {
                // Bytes 0 to 3: scale of sub-block j and the upper bits of that of j + 4; bytes 4 to 7: the same of the
                // minima; bytes 8 to 11: the lower bits of scale and minimum of j + 4.
                var scale = TLanes.LoadBytes(bytes + sub * Group);
                var minimum = TLanes.LoadBytes(bytes + (4 + sub) * Group);
                var both = TLanes.LoadBytes(bytes + (8 + sub) * Group);
                var target = table + sub * Group + row;
                Store(d, scale & six, target);
                Store(minus, minimum & six, target + ChunkScales.Minima);
                target += 4 * Group;
                Store(d, (both & nibble) | (TLanes.ShiftRight(scale, 2) & crumb), target);
                Store(
                    minus,
                    TLanes.ShiftRight(both, 4) | (TLanes.ShiftRight(minimum, 2) & crumb),
                    target + ChunkScales.Minima
                );
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes>(TLanes factor, TLanes code, float* target)
        where TLanes : unmanaged, IRowLanes<TLanes> =>
        TLanes.Store(TLanes.Multiply(factor, TLanes.ToFloats(code)), target);
}

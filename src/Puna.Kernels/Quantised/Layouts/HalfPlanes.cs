using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>Scales that are plain IEEE halves, 16 rows side by side.</summary>
internal static unsafe class HalfPlanes
{
    private const int Group = PackedMatrix.RowGroup;

    /// <summary>32-wide blocks: a scale, and if so a minimum, for each block of the chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TLanes>(byte* scales, int count, bool hasMinimum, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        for (var sub = 0; sub < count; sub++)
        {
            for (var row = 0; row < Group; row += TLanes.Rows)
            {
                TLanes.Store(TLanes.LoadHalves(scales + 2 * row), table + row);
                if (hasMinimum)
                {
                    TLanes.Store(
                        TLanes.LoadHalves(scales + 2 * (Group + row)),
                        table + ChunkScales.Minima + row
                    );
                }
            }

            scales += (hasMinimum ? 4 : 2) * Group;
            table += Group;
        }
    }

    /// <summary>256-wide blocks: one scale for the whole chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandOne<TLanes>(byte* scales, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        for (var row = 0; row < Group; row += TLanes.Rows)
        {
            var d = TLanes.LoadHalves(scales + 2 * row);
            for (var sub = 0; sub < 8; sub++)
            {
                TLanes.Store(d, table + sub * Group + row);
            }
        }
    }
}

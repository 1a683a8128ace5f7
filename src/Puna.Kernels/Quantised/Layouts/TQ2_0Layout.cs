using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// TQ2_0: eight crumb planes, and d for each row.
/// </summary>
internal readonly unsafe struct TQ2_0Layout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;

    public static int SubBlocks => 8;

    public static int CodeWords => 16;

    public static int ScaleBytes => 2;

    public static DotKind Kind => DotKind.Unsigned;

    public static CodePlanes? Planes => new(2);

    public static int MaximumCode => 3;

    public static int Zero => 1;

    public static bool HasMinimum => false;

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        ((ushort*)scales)[row] = ((ushort*)source)[32];
        var quads = stackalloc uint[8];
        for (var sub = 0; sub < 8; sub++)
        {
            var words = (uint*)(source + 32 * (sub / 4));
            for (var quad = 0; quad < 8; quad++)
            {
                quads[quad] = words[quad] >> (2 * (sub & 3));
            }

            QuadPlanes.StoreCrumbs(quads, 0, codes + sub * 2 * Group);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadCodes<TLanes>(
        byte* codes,
        int sub,
        int row,
        out TLanes quad0,
        out TLanes quad1,
        out TLanes quad2,
        out TLanes quad3,
        out TLanes quad4,
        out TLanes quad5,
        out TLanes quad6,
        out TLanes quad7
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var words = codes + sub * (2 * 64) + row * 4;
        QuadPlanes.LoadCrumbs(words, out quad0, out quad1, out quad2, out quad3);
        QuadPlanes.LoadCrumbs(words + 64, out quad4, out quad5, out quad6, out quad7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandScales<TLanes>(byte* scales, int count, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        HalfPlanes.ExpandOne<TLanes>(scales, table);
    }
}

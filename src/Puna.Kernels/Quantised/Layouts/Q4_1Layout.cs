using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// Q4_1: a nibble plane, whose words are those of the file, then d and m for each row.
/// </summary>
internal readonly unsafe struct Q4_1Layout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;

    public static int SubBlocks => 1;

    public static int CodeWords => 4;

    public static int ScaleBytes => 4;

    public static DotKind Kind => DotKind.Unsigned;

    public static CodePlanes? Planes => new(4);

    public static int MaximumCode => 15;

    public static int Zero => 0;

    public static bool HasMinimum => true;

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        ((ushort*)scales)[row] = ((ushort*)source)[0];
        ((ushort*)scales)[Group + row] = ((ushort*)source)[1];
        for (var word = 0; word < 4; word++)
        {
            codes[word * Group] = ((uint*)(source + 4))[word];
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
        var words = codes + sub * (4 * 64) + row * 4;
        QuadPlanes.LoadNibbles(
            words,
            out quad0,
            out quad1,
            out quad2,
            out quad3,
            out quad4,
            out quad5,
            out quad6,
            out quad7
        );
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandScales<TLanes>(byte* scales, int count, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        HalfPlanes.Expand<TLanes>(scales, count, hasMinimum: true, table);
    }
}

using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// Q4_K: eight nibble planes; d and dmin for each row, then the file's twelve bytes of 6-bit scales and minima, each
/// byte of 16 rows side by side.
/// </summary>
internal readonly unsafe struct Q4_KLayout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;

    public static int SubBlocks => 8;

    public static int CodeWords => 32;

    public static int ScaleBytes => 16;

    public static DotKind Kind => DotKind.Unsigned;

    public static CodePlanes? Planes => new(4);

    public static int MaximumCode => 15;

    public static int Zero => 0;

    public static bool HasMinimum => true;

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        ((ushort*)scales)[row] = ((ushort*)source)[0];
        ((ushort*)scales)[Group + row] = ((ushort*)source)[1];
        for (var plane = 0; plane < 12; plane++)
        {
            scales[64 + plane * Group + row] = source[4 + plane];
        }

        var quads = stackalloc uint[8];
        for (var sub = 0; sub < 8; sub++)
        {
            var words = (uint*)(source + 16 + 32 * (sub / 2));
            for (var quad = 0; quad < 8; quad++)
            {
                quads[quad] = (words[quad] >> (4 * (sub & 1))) & 0x0F0F0F0F;
            }

            QuadPlanes.StoreNibbles(quads, codes + sub * 4 * Group);
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
        SixBitPlanes.Expand<TLanes>(scales, table);
    }
}

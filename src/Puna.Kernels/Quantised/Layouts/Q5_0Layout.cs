using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// Q5_0: a nibble plane, a bit plane of the fifth bits, and d for each row.
/// </summary>
internal readonly unsafe struct Q5_0Layout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;

    public static int SubBlocks => 1;

    public static int CodeWords => 5;

    public static int ScaleBytes => 2;

    public static DotKind Kind => DotKind.Unsigned;

    public static CodePlanes? Planes => new(4, 1);

    public static int MaximumCode => 31;

    public static int Zero => 16;

    public static bool HasMinimum => false;

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        ((ushort*)scales)[row] = ((ushort*)source)[0];
        for (var word = 0; word < 4; word++)
        {
            codes[word * Group] = ((uint*)(source + 6))[word];
        }

        var fifth = Unsafe.ReadUnaligned<uint>(source + 2);
        var quads = stackalloc uint[8];
        for (var quad = 0; quad < 8; quad++)
        {
            // Four bits spread over the lowest bits of four bytes.
            quads[quad] = (((fifth >> (4 * quad)) & 15) * 0x00204081) & 0x01010101;
        }

        QuadPlanes.StoreBits(quads, 0, codes + 4 * Group);
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
        var words = codes + sub * (5 * 64) + row * 4;
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
        QuadPlanes.AddBits(
            words + 256,
            4,
            ref quad0,
            ref quad1,
            ref quad2,
            ref quad3,
            ref quad4,
            ref quad5,
            ref quad6,
            ref quad7
        );
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandScales<TLanes>(byte* scales, int count, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        HalfPlanes.Expand<TLanes>(scales, count, hasMinimum: false, table);
    }
}

using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// Q2_K: eight crumb planes; d and dmin for each row, then sixteen bytes of a 4-bit scale and a 4-bit minimum, each
/// byte of 16 rows side by side.
/// </summary>
internal readonly unsafe struct Q2_KLayout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;

    public static int SubBlocks => 8;

    public static int CodeWords => 16;

    public static int ScaleBytes => 20;

    public static DotKind Kind => DotKind.UnsignedHalves;

    public static CodePlanes? Planes => new(2);

    public static int MaximumCode => 3;

    public static int Zero => 0;

    public static bool HasMinimum => true;

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        ((ushort*)scales)[row] = ((ushort*)source)[40];
        ((ushort*)scales)[Group + row] = ((ushort*)source)[41];
        for (var entry = 0; entry < 16; entry++)
        {
            scales[64 + entry * Group + row] = source[entry];
        }

        var quads = stackalloc uint[8];
        for (var sub = 0; sub < 8; sub++)
        {
            var words = (uint*)(source + 16 + 32 * (sub / 4));
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
        LoadHalf(codes, sub, 0, row, out quad0, out quad1, out quad2, out quad3);
        LoadHalf(codes, sub, 1, row, out quad4, out quad5, out quad6, out quad7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadHalf<TLanes>(
        byte* codes,
        int sub,
        int half,
        int row,
        out TLanes quad0,
        out TLanes quad1,
        out TLanes quad2,
        out TLanes quad3
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var words = codes + (2 * sub + half) * 64 + row * 4;
        QuadPlanes.LoadCrumbs(words, out quad0, out quad1, out quad2, out quad3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandScales<TLanes>(byte* scales, int count, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var mask = TLanes.Broadcast(15);
        for (var row = 0; row < Group; row += TLanes.Rows)
        {
            var d = TLanes.LoadHalves(scales + 2 * row);
            var minus = TLanes.Multiply(
                TLanes.LoadHalves(scales + 2 * (Group + row)),
                TLanes.Broadcast(-1f)
            );
            var bytes = scales + 64 + row;
            for (var entry = 0; entry < 16; entry++)
            {
                var both = TLanes.LoadBytes(bytes + entry * Group);
                var scale = TLanes.ToFloats(both & mask);
                var minimum = TLanes.ToFloats(TLanes.ShiftRight(both, 4));
                var target = table + entry * Group + row;
                TLanes.Store(TLanes.Multiply(d, scale), target);
                TLanes.Store(TLanes.Multiply(minus, minimum), target + ChunkScales.Minima);
            }
        }
    }
}

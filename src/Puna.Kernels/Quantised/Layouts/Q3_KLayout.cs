using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// Q3_K: eight times a crumb plane and a bit plane of the third bits; d for each row, then the file's twelve bytes of
/// sixteen 6-bit scales, each byte of 16 rows side by side.
/// </summary>
internal readonly unsafe struct Q3_KLayout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;

    public static int SubBlocks => 8;

    public static int CodeWords => 24;

    public static int ScaleBytes => 14;

    public static DotKind Kind => DotKind.UnsignedHalves;

    public static CodePlanes? Planes => new(2, 1);

    public static int MaximumCode => 7;

    public static int Zero => 4;

    public static bool HasMinimum => false;

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        ((ushort*)scales)[row] = ((ushort*)source)[54];
        for (var plane = 0; plane < 12; plane++)
        {
            scales[32 + plane * Group + row] = source[96 + plane];
        }

        var quads = stackalloc uint[8];
        for (var sub = 0; sub < 8; sub++)
        {
            for (var quad = 0; quad < 8; quad++)
            {
                var low = Unsafe.ReadUnaligned<uint>(source + 32 + 32 * (sub / 4) + 4 * quad);
                var high = Unsafe.ReadUnaligned<uint>(source + 4 * quad);
                quads[quad] =
                    ((low >> (2 * (sub & 3))) & 0x03030303) | (((high >> sub) & 0x01010101) << 2);
            }

            QuadPlanes.StoreCrumbs(quads, 0, codes + sub * 3 * Group);
            QuadPlanes.StoreBits(quads, 2, codes + (sub * 3 + 2) * Group);
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
        var words = codes + sub * (3 * 64) + row * 4;
        QuadPlanes.LoadCrumbs(words + 64 * half, out quad0, out quad1, out quad2, out quad3);
        var mask = TLanes.Broadcast(0x04040404);
        var bits = TLanes.ShiftRight(TLanes.Load(words + 128), 4 * half);
        quad0 |= TLanes.ShiftLeft(bits, 2) & mask;
        quad1 |= TLanes.ShiftLeft(bits, 1) & mask;
        quad2 |= bits & mask;
        quad3 |= TLanes.ShiftRight(bits, 1) & mask;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandScales<TLanes>(byte* scales, int count, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var nibble = TLanes.Broadcast(15);
        var crumb = TLanes.Broadcast(0x30);
        for (var row = 0; row < Group; row += TLanes.Rows)
        {
            var d = TLanes.LoadHalves(scales + 2 * row);
            var bytes = scales + 32 + row;
            for (var plane = 0; plane < 4; plane++)
            {
                // Byte entry mod 8 has the low four bits, byte 8 + entry mod 4 the upper two.
                var first = TLanes.LoadBytes(bytes + plane * Group);
                var second = TLanes.LoadBytes(bytes + (4 + plane) * Group);
                var high = TLanes.LoadBytes(bytes + (8 + plane) * Group);
                var target = table + plane * Group + row;
                Store(d, first & nibble, TLanes.ShiftLeft(high, 4) & crumb, target);
                target += 4 * Group;
                Store(d, second & nibble, TLanes.ShiftLeft(high, 2) & crumb, target);
                target += 4 * Group;
                Store(d, TLanes.ShiftRight(first, 4), high & crumb, target);
                target += 4 * Group;
                Store(d, TLanes.ShiftRight(second, 4), TLanes.ShiftRight(high, 2) & crumb, target);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes>(TLanes d, TLanes low, TLanes high, float* target)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var scale = TLanes.ToFloats(TLanes.AddIntegers(low | high, TLanes.Broadcast(-32)));
        TLanes.Store(TLanes.Multiply(d, scale), target);
    }
}

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

    public static ElementFormat Format => ElementFormat.Q3_K;

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
        var words = codes + sub * (3 * 64) + row * 4;
        QuadPlanes.LoadCrumbs(
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
            words + 128,
            2,
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
        var nibble = TLanes.Broadcast(15);
        var crumb = TLanes.Broadcast(0x30);
        var zero = TLanes.Broadcast(-32);
        for (var row = 0; row < Group; row += TLanes.Rows)
        {
            var d = TLanes.LoadHalves(scales + 2 * row);
            var bytes = scales + 32 + row;
            for (var entry = 0; entry < 16; entry++)
            {
                // Byte entry mod 8 has the low four bits, byte 8 + entry mod 4 the upper two.
                var low = TLanes.LoadBytes(bytes + (entry & 7) * Group);
                var high = TLanes.LoadBytes(bytes + (8 + (entry & 3)) * Group);
                var code =
                    (TLanes.ShiftRight(low, 4 * (entry / 8)) & nibble)
                    | (TLanes.ShiftRight(TLanes.ShiftLeft(high, 4), 2 * (entry / 4)) & crumb);
                var scale = TLanes.ToFloats(TLanes.AddIntegers(code, zero));
                TLanes.Store(TLanes.Multiply(d, scale), table + entry * Group + row);
            }
        }
    }
}

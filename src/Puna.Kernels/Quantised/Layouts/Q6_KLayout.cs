using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// Q6_K: eight times a nibble plane and a crumb plane of the upper two bits; d for each row, then sixteen signed scale
/// bytes, each of 16 rows side by side.
/// </summary>
internal readonly unsafe struct Q6_KLayout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;

    public static int SubBlocks => 8;

    public static int CodeWords => 48;

    public static int ScaleBytes => 18;

    public static DotKind Kind => DotKind.UnsignedHalves;

    public static CodePlanes? Planes => new(4, 2);

    public static int MaximumCode => 63;

    public static int Zero => 32;

    public static bool HasMinimum => false;

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        ((ushort*)scales)[row] = Unsafe.ReadUnaligned<ushort>(source + 208);
        for (var entry = 0; entry < 16; entry++)
        {
            scales[32 + entry * Group + row] = source[192 + entry];
        }

        var quads = stackalloc uint[8];
        for (var sub = 0; sub < 8; sub++)
        {
            // Of each half block, sub-blocks 0 and 2 are the nibbles of one run of 32 bytes, 1 and 3 of the next.
            var part = sub & 3;
            var low = source + 64 * (sub / 4) + 32 * (part & 1);
            var high = source + 128 + 32 * (sub / 4);
            for (var quad = 0; quad < 8; quad++)
            {
                quads[quad] =
                    ((Unsafe.ReadUnaligned<uint>(low + 4 * quad) >> (4 * (part / 2))) & 0x0F0F0F0F)
                    | (
                        ((Unsafe.ReadUnaligned<uint>(high + 4 * quad) >> (2 * part)) & 0x03030303)
                        << 4
                    );
            }

            QuadPlanes.StoreNibbles(quads, codes + sub * 6 * Group);
            QuadPlanes.StoreCrumbs(quads, 4, codes + (sub * 6 + 4) * Group);
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
        var words = codes + sub * (6 * 64) + row * 4;
        var shift = 4 * half;
        var mask = TLanes.Broadcast(0x0F0F0F0F);
        quad0 = TLanes.ShiftRight(TLanes.Load(words), shift) & mask;
        quad1 = TLanes.ShiftRight(TLanes.Load(words + 64), shift) & mask;
        quad2 = TLanes.ShiftRight(TLanes.Load(words + 128), shift) & mask;
        quad3 = TLanes.ShiftRight(TLanes.Load(words + 192), shift) & mask;
        mask = TLanes.Broadcast(0x30303030);
        var bits = TLanes.Load(words + 256 + 64 * half);
        quad0 |= TLanes.ShiftLeft(bits, 4) & mask;
        quad1 |= TLanes.ShiftLeft(bits, 2) & mask;
        quad2 |= bits & mask;
        quad3 |= TLanes.ShiftRight(bits, 2) & mask;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandScales<TLanes>(byte* scales, int count, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        for (var row = 0; row < Group; row += TLanes.Rows)
        {
            var d = TLanes.LoadHalves(scales + 2 * row);
            var bytes = scales + 32 + row;
            for (var entry = 0; entry < 16; entry++)
            {
                var scale = TLanes.ToFloats(TLanes.LoadSignedBytes(bytes + entry * Group));
                TLanes.Store(TLanes.Multiply(d, scale), table + entry * Group + row);
            }
        }
    }
}

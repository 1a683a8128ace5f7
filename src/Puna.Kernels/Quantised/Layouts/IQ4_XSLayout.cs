using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// IQ4_XS: eight nibble planes of indices into the table; d for each row, then the file's two bytes of upper and four
/// bytes of lower bits of the scales, each byte of 16 rows side by side.
/// </summary>
internal readonly unsafe struct IQ4_XSLayout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;

    public static int SubBlocks => 8;

    public static int CodeWords => 32;

    public static int ScaleBytes => 8;

    public static DotKind Kind => DotKind.Signed;

    public static CodePlanes? Planes => new(4, 0, (nint)CodeTables.NonLinear);

    public static int MaximumCode => 0;

    public static int Zero => 0;

    public static bool HasMinimum => false;

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        ((ushort*)scales)[row] = ((ushort*)source)[0];
        for (var plane = 0; plane < 6; plane++)
        {
            scales[32 + plane * Group + row] = source[2 + plane];
        }

        for (var word = 0; word < 32; word++)
        {
            codes[word * Group] = ((uint*)(source + 8))[word];
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
        var table = TLanes.LoadTable(CodeTables.NonLinear);
        quad0 = TLanes.Lookup(table, quad0);
        quad1 = TLanes.Lookup(table, quad1);
        quad2 = TLanes.Lookup(table, quad2);
        quad3 = TLanes.Lookup(table, quad3);
        quad4 = TLanes.Lookup(table, quad4);
        quad5 = TLanes.Lookup(table, quad5);
        quad6 = TLanes.Lookup(table, quad6);
        quad7 = TLanes.Lookup(table, quad7);
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
            for (var half = 0; half < 2; half++)
            {
                var first = TLanes.LoadBytes(bytes + (2 + 2 * half) * Group);
                var second = TLanes.LoadBytes(bytes + (3 + 2 * half) * Group);
                var high = TLanes.LoadBytes(bytes + half * Group);
                var target = table + 4 * half * Group + row;
                Store(d, first & nibble, TLanes.ShiftLeft(high, 4) & crumb, target);
                target += Group;
                Store(d, TLanes.ShiftRight(first, 4), TLanes.ShiftLeft(high, 2) & crumb, target);
                target += Group;
                Store(d, second & nibble, high & crumb, target);
                target += Group;
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

using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// MXFP4: a nibble plane of indices into the table of doubled values, whose words are those of the file, and a power of
/// two for each row: byte e stands for 2^(e - 128), which is half of its nominal value.
/// </summary>
internal readonly unsafe struct MXFP4Layout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;

    public static int SubBlocks => 1;

    public static int CodeWords => 4;

    public static int ScaleBytes => 1;

    public static DotKind Kind => DotKind.Unsigned;

    public static CodePlanes? Planes => new(4, 0, (nint)CodeTables.FloatPlusTwelve);

    public static int MaximumCode => 24;

    public static int Zero => 12;

    public static bool HasMinimum => false;

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        scales[row] = source[0];
        for (var word = 0; word < 4; word++)
        {
            codes[word * Group] = Unsafe.ReadUnaligned<uint>(source + 1 + 4 * word);
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
        var table = TLanes.LoadTable(CodeTables.FloatPlusTwelve);
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
        // 2^(e - 128) as the product of two powers that are no subnormals, as it may itself be.
        var one = TLanes.Broadcast(1);
        var bias = TLanes.Broadcast(63);
        for (var index = 0; index < count * Group; index += TLanes.Rows)
        {
            var exponent = TLanes.LoadBytes(scales + index);
            var half = TLanes.ShiftRight(exponent, 1);
            var rest = TLanes.ShiftRight(TLanes.AddIntegers(exponent, one), 1);
            TLanes.Store(
                TLanes.Multiply(
                    TLanes.ShiftLeft(TLanes.AddIntegers(half, bias), 23),
                    TLanes.ShiftLeft(TLanes.AddIntegers(rest, bias), 23)
                ),
                table + index
            );
        }
    }
}

using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// Q8_0: one word for each quad, and d for each row.
/// </summary>
internal readonly unsafe struct Q8_0Layout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;

    public static int SubBlocks => 1;

    public static int CodeWords => 8;

    public static int ScaleBytes => 2;

    public static DotKind Kind => DotKind.Signed;

    public static CodePlanes? Planes => new(8);

    public static int MaximumCode => 0;

    public static int Zero => 0;

    public static bool HasMinimum => false;

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        ((ushort*)scales)[row] = ((ushort*)source)[0];
        for (var word = 0; word < 8; word++)
        {
            codes[word * Group] = Unsafe.ReadUnaligned<uint>(source + 2 + 4 * word);
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
        var words = codes + sub * (8 * 64) + row * 4;
        quad0 = TLanes.Load(words);
        quad1 = TLanes.Load(words + 64);
        quad2 = TLanes.Load(words + 128);
        quad3 = TLanes.Load(words + 192);
        quad4 = TLanes.Load(words + 256);
        quad5 = TLanes.Load(words + 320);
        quad6 = TLanes.Load(words + 384);
        quad7 = TLanes.Load(words + 448);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandScales<TLanes>(byte* scales, int count, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        HalfPlanes.Expand<TLanes>(scales, count, hasMinimum: false, table);
    }
}

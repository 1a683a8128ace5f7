using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// TQ1_0: thirteen words of ternary digits, and d for each row. Word w has the quads 5w to 5w + 4 of the block's 64 as
/// the base-3 digits of its bytes, the last word only four. As in the file, a byte b is the fraction b / 256 in base 3,
/// rounded up: digit n is the integer part of 3 * (b * 3^n mod 256) / 256.
/// </summary>
internal readonly unsafe struct TQ1_0Layout : IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;
    private const int Digits = 5;

    public static int SubBlocks => 8;

    public static int CodeWords => 13;

    public static int ScaleBytes => 2;

    public static DotKind Kind => DotKind.Unsigned;

    public static CodePlanes? Planes => null;

    public static int MaximumCode => 2;

    public static int Zero => 1;

    public static bool HasMinimum => false;

    private static ReadOnlySpan<int> Powers =>
        [0x00010001, 0x00030003, 0x00090009, 0x001B001B, 0x00510051];

    public static void Pack(byte* source, uint* codes, byte* scales, int row)
    {
        ((ushort*)scales)[row] = ((ushort*)source)[26];
        var digits = stackalloc byte[13 * Digits * 4];
        Unpack(source, 32, 5, digits);
        Unpack(source + 32, 16, 5, digits + 160);
        Unpack(source + 48, 4, 4, digits + 240);
        new Span<byte>(digits + 256, 4).Clear();
        for (var word = 0; word < 13; word++)
        {
            var packed = 0u;
            for (var inner = 0; inner < 4; inner++)
            {
                var number = 0;
                for (var digit = 0; digit < Digits; digit++)
                {
                    number = 3 * number + digits[(word * Digits + digit) * 4 + inner];
                }

                // ceil(number * 256 / 3^5)
                packed |= (uint)((number * 256 + 242) / 243) << (8 * inner);
            }

            codes[word * Group] = packed;
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
        var words = codes + row * 4;
        quad0 = Quad<TLanes>(words, 8 * sub);
        quad1 = Quad<TLanes>(words, 8 * sub + 1);
        quad2 = Quad<TLanes>(words, 8 * sub + 2);
        quad3 = Quad<TLanes>(words, 8 * sub + 3);
        quad4 = Quad<TLanes>(words, 8 * sub + 4);
        quad5 = Quad<TLanes>(words, 8 * sub + 5);
        quad6 = Quad<TLanes>(words, 8 * sub + 6);
        quad7 = Quad<TLanes>(words, 8 * sub + 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandScales<TLanes>(byte* scales, int count, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes> => HalfPlanes.ExpandOne<TLanes>(scales, table);

    private static void Unpack(byte* source, int bytes, int digits, byte* destination)
    {
        var power = 1;
        for (var digit = 0; digit < digits; digit++)
        {
            for (var index = 0; index < bytes; index++)
            {
                *destination++ = (byte)(((byte)(source[index] * power) * 3) >> 8);
            }

            power *= 3;
        }
    }

    /// <summary>One digit of the bytes of a word; even and odd bytes apart, since products need 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Quad<TLanes>(byte* words, int quad)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var power = TLanes.Broadcast(Powers[quad % Digits]);
        var bytes = TLanes.Broadcast(0x00FF00FF);
        var three = TLanes.Broadcast(0x00030003);
        var word = TLanes.Load(words + quad / Digits * 64);
        var even = TLanes.MultiplyShorts(word & bytes, power) & bytes;
        var odd = TLanes.MultiplyShorts(TLanes.ShiftRight(word, 8) & bytes, power) & bytes;
        even = TLanes.ShiftRight(TLanes.MultiplyShorts(even, three), 8) & three;
        odd = TLanes.MultiplyShorts(odd, three) & TLanes.Broadcast(0x03000300);
        return even | odd;
    }
}

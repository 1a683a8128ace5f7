using System.Runtime.CompilerServices;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// Bit planes of the eight quads of 32 columns. Nibbles: word i (of 4) has quad i in the low and quad i + 4 in the
/// high half of its bytes. Crumbs (two bits): word p (of 2) has quad 4p + r at bit 2r of its bytes. Bits: one word has
/// quad i at bit i of its bytes. Unpacking is a shift and a mask of whole vectors.
/// </summary>
internal static unsafe class QuadPlanes
{
    private const int Group = PackedMatrix.RowGroup;

    /// <summary>Stores the low four bits of every code.</summary>
    public static void StoreNibbles(uint* quads, uint* destination)
    {
        for (var word = 0; word < 4; word++)
        {
            destination[word * Group] =
                (quads[word] & 0x0F0F0F0F) | ((quads[word + 4] & 0x0F0F0F0F) << 4);
        }
    }

    /// <summary>Stores two bits of every code, from bit <paramref name="shift"/> on.</summary>
    public static void StoreCrumbs(uint* quads, int shift, uint* destination)
    {
        for (var word = 0; word < 2; word++)
        {
            var packed = 0u;
            for (var inner = 0; inner < 4; inner++)
            {
                packed |= ((quads[4 * word + inner] >> shift) & 0x03030303) << (2 * inner);
            }

            destination[word * Group] = packed;
        }
    }

    /// <summary>Stores bit <paramref name="shift"/> of every code.</summary>
    public static void StoreBits(uint* quads, int shift, uint* destination)
    {
        var packed = 0u;
        for (var quad = 0; quad < 8; quad++)
        {
            packed |= ((quads[quad] >> shift) & 0x01010101) << quad;
        }

        *destination = packed;
    }

    /// <summary>Nibble plane: eight quads of 4-bit codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles<TLanes>(
        byte* words,
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
        var mask = TLanes.Broadcast(0x0F0F0F0F);
        var word = TLanes.Load(words);
        quad0 = word & mask;
        quad4 = TLanes.ShiftRight(word, 4) & mask;
        word = TLanes.Load(words + 64);
        quad1 = word & mask;
        quad5 = TLanes.ShiftRight(word, 4) & mask;
        word = TLanes.Load(words + 128);
        quad2 = word & mask;
        quad6 = TLanes.ShiftRight(word, 4) & mask;
        word = TLanes.Load(words + 192);
        quad3 = word & mask;
        quad7 = TLanes.ShiftRight(word, 4) & mask;
    }

    /// <summary>One word of a crumb plane: four quads of 2-bit codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadCrumbs<TLanes>(
        byte* words,
        out TLanes quad0,
        out TLanes quad1,
        out TLanes quad2,
        out TLanes quad3
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var mask = TLanes.Broadcast(0x03030303);
        var word = TLanes.Load(words);
        quad0 = word & mask;
        quad1 = TLanes.ShiftRight(word, 2) & mask;
        quad2 = TLanes.ShiftRight(word, 4) & mask;
        quad3 = TLanes.ShiftRight(word, 6) & mask;
    }

    /// <summary>Adds a bit plane to codes as their bit <paramref name="position"/>, a constant of 2 or 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddBits<TLanes>(
        byte* words,
        int position,
        ref TLanes quad0,
        ref TLanes quad1,
        ref TLanes quad2,
        ref TLanes quad3,
        ref TLanes quad4,
        ref TLanes quad5,
        ref TLanes quad6,
        ref TLanes quad7
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var mask = TLanes.Broadcast(0x01010101 << position);
        var word = TLanes.Load(words);
        quad0 |= Move(word, 0 - position) & mask;
        quad1 |= Move(word, 1 - position) & mask;
        quad2 |= Move(word, 2 - position) & mask;
        quad3 |= Move(word, 3 - position) & mask;
        quad4 |= Move(word, 4 - position) & mask;
        quad5 |= Move(word, 5 - position) & mask;
        quad6 |= Move(word, 6 - position) & mask;
        quad7 |= Move(word, 7 - position) & mask;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Move<TLanes>(TLanes word, int right)
        where TLanes : unmanaged, IRowLanes<TLanes> =>
        right >= 0 ? TLanes.ShiftRight(word, right) : TLanes.ShiftLeft(word, -right);
}

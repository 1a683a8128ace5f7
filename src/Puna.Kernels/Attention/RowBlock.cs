namespace Puna.Kernels.Attention;

/// <summary>
/// Query rows that share every load of keys or values, as types, so that one body is compiled for each number of rows.
/// Six rows of two vectors, two vectors of keys and one of the query fill the 16 registers of a 256-bit processor.
/// </summary>
internal static unsafe class RowBlock
{
    /// <summary>Most rows of a block.</summary>
    public const int Largest = 6;

    /// <summary>A number of rows.</summary>
    internal interface ICount
    {
        /// <summary>Rows, 1 to <see cref="Largest"/>.</summary>
        static abstract int Rows { get; }
    }

    /// <summary>Rows of the next block when <paramref name="left"/> rows are left: no block of one or two where it can be avoided.</summary>
    public static int Next(int left) =>
        left <= Largest ? left
        : left < Largest + 3 ? 4
        : Largest;

    /// <summary>Slots of a page that any of <paramref name="rows"/> rows sees: row r at r * <see cref="TileScratch.Pages"/>.</summary>
    public static uint Mask(uint* masks, int rows)
    {
        var seen = 0u;
        for (var row = 0; row < rows; row++)
        {
            seen |= masks[row * TileScratch.Pages];
        }

        return seen;
    }

    internal readonly struct One : ICount
    {
        public static int Rows => 1;
    }

    internal readonly struct Two : ICount
    {
        public static int Rows => 2;
    }

    internal readonly struct Three : ICount
    {
        public static int Rows => 3;
    }

    internal readonly struct Four : ICount
    {
        public static int Rows => 4;
    }

    internal readonly struct Five : ICount
    {
        public static int Rows => 5;
    }

    internal readonly struct Six : ICount
    {
        public static int Rows => 6;
    }
}

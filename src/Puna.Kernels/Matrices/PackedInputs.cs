using System.Runtime.CompilerServices;

namespace Puna.Kernels.Matrices;

/// <summary>
/// A block of input rows, transposed tile by tile into the order in which <see cref="PanelTile"/> reads them: as many
/// tiles of six rows as there are, then tiles of two, the last filled with zeros.
/// </summary>
internal static unsafe class PackedInputs
{
    /// <summary>Rows of one block at most, a multiple of both tiles.</summary>
    public const int BlockRows = 96;

    /// <summary>Floats of packed inputs at a time: 128 KiB, which stay in the second-level cache beside the weights.</summary>
    public const int Capacity = 32 * 1024;

    /// <summary>Rows after packing: those of the last small tile are completed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PaddedRows(int rows) => rows + (rows % PanelTile.Large & 1);

    /// <summary>Rows of the tile that starts at row <paramref name="row"/> of <paramref name="rows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int TileRows(int row, int rows) =>
        rows - row >= PanelTile.Large ? PanelTile.Large : PanelTile.Small;

    /// <summary>
    /// Packs <paramref name="rows"/> rows, at most <see cref="BlockRows"/>, of <paramref name="depth"/> columns.
    /// </summary>
    /// <param name="source">First element; row t at t * stride.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="rows">Rows T.</param>
    /// <param name="depth">Columns.</param>
    /// <param name="destination">Room for PaddedRows * depth floats; the tile of row t starts at t * depth.</param>
    public static void Pack(float* source, nint stride, int rows, int depth, float* destination)
    {
        for (var row = 0; row < rows; )
        {
            var tile = TileRows(row, rows);
            var target = destination + (nint)row * depth;
            for (var inner = 0; inner < tile; inner++)
            {
                if (row + inner < rows)
                {
                    CopyRow(source + (row + inner) * stride, depth, target + inner, tile);
                }
                else
                {
                    ClearRow(depth, target + inner, tile);
                }
            }

            row += tile;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyRow(float* source, int depth, float* destination, int step)
    {
        for (var k = 0; k < depth; k++)
        {
            destination[(nint)k * step] = source[k];
        }
    }

    private static void ClearRow(int depth, float* destination, int step)
    {
        for (var k = 0; k < depth; k++)
        {
            destination[(nint)k * step] = 0;
        }
    }
}

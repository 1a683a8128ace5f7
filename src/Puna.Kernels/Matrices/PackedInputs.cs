using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Matrices;

/// <summary>
/// A block of input rows in the order in which <see cref="PanelTile"/> reads them: tile by tile [chunk of columns]
/// [row of the tile][<see cref="Chunk"/> columns]. Rows are copied a cache line at a time, not transposed, and lie close
/// together whatever their distance was (rows a power of two apart share few cache sets). An odd last row gets a partner
/// of zeros.
/// </summary>
internal static unsafe class PackedInputs
{
    /// <summary>Columns of a row that lie side by side: a cache line.</summary>
    public const int Chunk = 16;

    /// <summary>
    /// Rows of one block at most, a multiple of every tile: a panel of weights is fetched, and widened, once for a whole
    /// prompt of 512.
    /// </summary>
    public const int BlockRows = 528;

    /// <summary>
    /// Floats of packed inputs at a time: 528 KiB, which stay in a second-level cache of 1 MiB beside the weights. From
    /// the third level they would be read at a tenth of what it gives.
    /// </summary>
    public const int Capacity = BlockRows * PanelProduct.Depth;

    /// <summary>Rows of a block where <paramref name="rows"/> rows are dealt out in blocks of about the same size.</summary>
    public static int Block(int rows)
    {
        const int Multiple = 12;
        var blocks = (rows + BlockRows - 1) / BlockRows;
        return blocks <= 1
            ? Math.Max(rows, 1)
            : (rows + blocks * Multiple - 1) / (blocks * Multiple) * Multiple;
    }

    /// <summary>Rows after packing, an even number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PaddedRows(int rows) => (rows + 1) & ~1;

    /// <summary>Columns after packing: whole chunks, the last of which is not filled up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PaddedDepth(int depth) => (depth + Chunk - 1) / Chunk * Chunk;

    /// <summary>
    /// Packs <paramref name="rows"/> rows, at most <see cref="BlockRows"/>, of <paramref name="depth"/> columns.
    /// </summary>
    /// <param name="source">The rows.</param>
    /// <param name="rows">Rows T.</param>
    /// <param name="depth">Columns.</param>
    /// <param name="destination">Room for PaddedRows * PaddedDepth; the tile of row t starts at t * PaddedDepth.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack<TLanes>(FloatLayout source, int rows, int depth, float* destination)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var padded = PaddedRows(rows);
        for (var row = 0; row < padded; )
        {
            var tile = PanelTile.Rows<TLanes>(padded - row);
            var count = Math.Min(tile, rows - row);
            for (var column = 0; column < depth; column += Chunk)
            {
                var from = source.Part(row, column);
                var width = Math.Min(Chunk, depth - column);
                if (from.ColumnStride == 1)
                {
                    FloatCopy.Rows<TLanes>(
                        from.Origin,
                        from.RowStride,
                        count,
                        width,
                        destination,
                        Chunk
                    );
                }
                else
                {
                    FloatCopy.Transposed(
                        from.Origin,
                        from.ColumnStride,
                        width,
                        count,
                        destination,
                        Chunk
                    );
                }

                if (count < tile)
                {
                    new Span<float>(destination + count * Chunk, Chunk).Clear();
                }

                destination += tile * Chunk;
            }

            row += tile;
        }
    }
}

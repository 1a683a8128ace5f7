using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Quantised;

/// <summary>Repacks stored rows into the <see cref="PackedMatrix"/> of their format.</summary>
public static class MatrixPacker
{
    /// <summary>Repacks a matrix.</summary>
    /// <param name="format">How the source is coded.</param>
    /// <param name="source">Row-major bytes, exactly rows * RowBytes(columns) of them.</param>
    /// <param name="rows">Rows M.</param>
    /// <param name="columns">Columns K, a whole number of blocks.</param>
    /// <param name="rowOrder">Packed row i is source row rowOrder[i]; empty means the order of the file.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="arena">Owns the memory of the matrix; null = the matrix owns it.</param>
    /// <exception cref="ArgumentException">The bytes or the row order do not fit the shape.</exception>
    public static PackedMatrix Pack(
        ElementFormat format,
        NativeSpan<byte> source,
        int rows,
        int columns,
        ReadOnlySpan<int> rowOrder,
        WorkerPool pool,
        NativeArena? arena = null
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        var bytes = checked(rows * format.RowBytes(columns));
        if (source.Length != bytes)
        {
            throw new ArgumentException(
                $"A {format} matrix of {rows} x {columns} has {bytes} bytes; {source.Length} were given.",
                nameof(source)
            );
        }

        CheckOrder(rowOrder, rows);
        return format switch
        {
            ElementFormat.F32 or ElementFormat.F16 or ElementFormat.BF16 => DensePackedMatrix.Pack(
                format,
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            _ => BlockMatrixPacker.Pack(format, source, rows, columns, rowOrder, pool, arena),
        };
    }

    private static void CheckOrder(ReadOnlySpan<int> rowOrder, int rows)
    {
        if (!rowOrder.IsEmpty && rowOrder.Length != rows)
        {
            throw new ArgumentException(
                $"The row order has {rowOrder.Length} entries for {rows} rows.",
                nameof(rowOrder)
            );
        }

        foreach (var row in rowOrder)
        {
            if ((uint)row >= (uint)rows)
            {
                throw new ArgumentException(
                    $"The row order names row {row} of {rows} rows.",
                    nameof(rowOrder)
                );
            }
        }
    }
}

using Puna.Kernels.Memory;

namespace Puna.Kernels.Matrices;

/// <summary>A matrix as a file stores it, row after row: what a <see cref="MatrixPacker"/> packs.</summary>
public readonly ref struct StoredMatrix
{
    /// <summary>Describes a matrix.</summary>
    /// <param name="data">Row-major bytes.</param>
    /// <param name="rows">Rows M, at least 1.</param>
    /// <param name="columns">Columns K, at least 1.</param>
    /// <param name="rowOrder">Packed row i is stored row rowOrder[i]; empty means the order of the file.</param>
    /// <exception cref="ArgumentException">The row order does not fit the rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no row or no column.</exception>
    public StoredMatrix(
        NativeSpan<byte> data,
        int rows,
        int columns,
        ReadOnlySpan<int> rowOrder = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        CheckOrder(rowOrder, rows);
        Data = data;
        Rows = rows;
        Columns = columns;
        RowOrder = rowOrder;
    }

    /// <summary>Row-major bytes, Rows times those of a row.</summary>
    public NativeSpan<byte> Data { get; }

    /// <summary>Rows M.</summary>
    public int Rows { get; }

    /// <summary>Columns K.</summary>
    public int Columns { get; }

    /// <summary>Packed row i is stored row RowOrder[i]; empty means the order of the file.</summary>
    public ReadOnlySpan<int> RowOrder { get; }

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

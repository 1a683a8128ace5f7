using Puna.Kernels.Memory;
using Puna.Kernels.Quantised;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

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
    public static PackedMatrix Pack(
        ElementFormat format,
        NativeSpan<byte> source,
        int rows,
        int columns,
        ReadOnlySpan<int> rowOrder,
        WorkerPool pool
    ) => BlockMatrixPacker.Pack(format, source, rows, columns, rowOrder, pool);
}

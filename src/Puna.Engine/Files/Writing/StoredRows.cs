using Puna.Engine.Files.Storage;
using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Writing;

/// <summary>
/// Rows of a stored matrix, in another order where asked: copied byte for byte when the coding stays the same, else
/// decoded and encoded. Blocks run along a row, so a row moves without being coded anew.
/// </summary>
/// <param name="tensor">The matrix.</param>
/// <param name="format">Coding of the new rows.</param>
/// <param name="order">New row i is stored row order[i]; null keeps the order.</param>
internal sealed class StoredRows(StoredTensor tensor, WeightFormat format, int[]? order)
    : IRowSource
{
    private readonly int _rowBytes = checked((int)tensor.Format.RowBytes(tensor.Shape[^1]));

    public void Fill(long row, Span<byte> target, Span<float> scratch)
    {
        var source = StoredWindow.Read(
            tensor.Data,
            (order?[row] ?? row) * (long)_rowBytes,
            _rowBytes
        );
        tensor.RequireFiniteScales(source);
        if (tensor.Format == format)
        {
            source.CopyTo(target);
            return;
        }

        tensor.Format.DecodeRow(source, scratch);
        format.EncodeRow(scratch, target);
    }
}

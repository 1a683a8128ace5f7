using Puna.Kernels.Matrices;

namespace Puna.Kernels.Tests.Matrices;

/// <summary>The least that a weight format may be: rows that can be decoded.</summary>
internal sealed class DecodedMatrix(float[] values, int rows, int columns)
    : PackedMatrix(rows, columns)
{
    public override long Bytes => sizeof(float) * (long)values.Length;

    public override void DequantRows(int firstRow, int rowCount, Span<float> destination)
    {
        CheckRows(firstRow, rowCount, destination.Length);
        values.AsSpan(firstRow * Columns, rowCount * Columns).CopyTo(destination);
    }

    public override void Dispose() { }
}

using System.Runtime.CompilerServices;

namespace Puna.Kernels.Matrices;

/// <summary>
/// Where the elements of an f32 matrix lie: (r, c) at r * rowStride + c * columnStride, and one of the strides is 1.
/// </summary>
internal readonly unsafe struct FloatLayout(float* origin, nint rowStride, nint columnStride = 1)
{
    /// <summary>Element (0, 0).</summary>
    public readonly float* Origin = origin;

    /// <summary>Floats from row to row.</summary>
    public readonly nint RowStride = rowStride;

    /// <summary>Floats from column to column.</summary>
    public readonly nint ColumnStride = columnStride;

    /// <summary>The matrix from one element on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FloatLayout Part(nint row, nint column) =>
        new(Origin + row * RowStride + column * ColumnStride, RowStride, ColumnStride);
}

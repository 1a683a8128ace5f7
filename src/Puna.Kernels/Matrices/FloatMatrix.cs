using Puna.Kernels.Memory;

namespace Puna.Kernels.Matrices;

/// <summary>A view of f32 numbers as a matrix, or as the transpose of one. It does not own the memory.</summary>
public readonly struct FloatMatrix
{
    private readonly NativeSpan<float> _values;
    private readonly int _stride;

    /// <summary>A matrix [rows, columns] whose row r begins at r * stride.</summary>
    /// <exception cref="ArgumentException">A count is negative, rows overlap, or the last row ends past the memory.</exception>
    public FloatMatrix(NativeSpan<float> values, int rows, int columns, int stride)
        : this(values, rows, columns, stride, isTransposed: false) =>
        RowShape.Check(values.Length, stride, rows, columns, nameof(values));

    /// <summary>A matrix [rows, columns] without gaps between its rows.</summary>
    /// <exception cref="ArgumentException">A count is negative or the last row ends past the memory.</exception>
    public FloatMatrix(NativeSpan<float> values, int rows, int columns)
        : this(values, rows, columns, columns) { }

    private FloatMatrix(
        NativeSpan<float> values,
        int rows,
        int columns,
        int stride,
        bool isTransposed
    )
    {
        _values = values;
        _stride = stride;
        Rows = rows;
        Columns = columns;
        IsTransposed = isTransposed;
    }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Columns.</summary>
    public int Columns { get; }

    /// <summary>Whether the columns, not the rows, lie in one piece each.</summary>
    public bool IsTransposed { get; }

    /// <summary>The same numbers seen as the transpose.</summary>
    public FloatMatrix Transpose() => new(_values, Columns, Rows, _stride, !IsTransposed);

    internal unsafe FloatLayout Layout() =>
        IsTransposed
            ? new FloatLayout(_values.Pointer, 1, _stride)
            : new FloatLayout(_values.Pointer, _stride);
}

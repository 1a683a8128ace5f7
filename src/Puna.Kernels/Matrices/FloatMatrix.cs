using Puna.Kernels.Memory;

namespace Puna.Kernels.Matrices;

/// <summary>f32 rows as a matrix, or as the transpose of one. It does not own the memory.</summary>
public readonly struct FloatMatrix
{
    private readonly FloatRows _values;

    /// <summary>The rows as a matrix.</summary>
    public FloatMatrix(FloatRows values)
        : this(values, isTransposed: false) { }

    /// <summary>A matrix [rows, columns] without gaps between its rows.</summary>
    /// <exception cref="ArgumentException">A count is negative or the last row ends past the memory.</exception>
    public FloatMatrix(NativeSpan<float> values, int rows, int columns)
        : this(new FloatRows(values, rows, columns)) { }

    private FloatMatrix(FloatRows values, bool isTransposed)
    {
        _values = values;
        IsTransposed = isTransposed;
    }

    /// <summary>Rows.</summary>
    public int Rows => IsTransposed ? _values.Columns : _values.Rows;

    /// <summary>Columns.</summary>
    public int Columns => IsTransposed ? _values.Rows : _values.Columns;

    /// <summary>Whether the columns, not the rows, lie in one piece each.</summary>
    public bool IsTransposed { get; }

    /// <summary>The same numbers seen as the transpose.</summary>
    public FloatMatrix Transpose() => new(_values, !IsTransposed);

    internal unsafe FloatLayout Layout() =>
        IsTransposed
            ? new FloatLayout(_values.Pointer, 1, _values.Stride)
            : new FloatLayout(_values.Pointer, _values.Stride);
}

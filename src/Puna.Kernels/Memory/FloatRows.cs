namespace Puna.Kernels.Memory;

/// <summary>
/// A view of f32 rows in unmanaged memory, [Rows, Columns], row r from r * Stride on. The shape is checked once, when the
/// view is made. It does not own the memory, which must outlive it.
/// </summary>
public readonly struct FloatRows
{
    /// <summary>Rows that lie <paramref name="stride"/> elements apart.</summary>
    /// <exception cref="ArgumentException">A count is negative, rows overlap, or the last row ends past the memory.</exception>
    public FloatRows(NativeSpan<float> values, int rows, int columns, int stride)
    {
        RowShape.Check(values.Length, stride, rows, columns, nameof(values));
        Values = values;
        Rows = rows;
        Columns = columns;
        Stride = stride;
    }

    /// <summary>Rows without gaps between them.</summary>
    /// <exception cref="ArgumentException">A count is negative or the last row ends past the memory.</exception>
    public FloatRows(NativeSpan<float> values, int rows, int columns)
        : this(values, rows, columns, columns) { }

    /// <summary>The memory from row 0 on.</summary>
    public NativeSpan<float> Values { get; }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Elements of a row.</summary>
    public int Columns { get; }

    /// <summary>Elements from the begin of a row to that of the next.</summary>
    public int Stride { get; }

    /// <summary>Elements of all rows.</summary>
    public long Elements => (long)Rows * Columns;

    internal unsafe float* Pointer => Values.Pointer;

    /// <summary>One row.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<float> this[int row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(row);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Rows);
            return Values.Slice((long)row * Stride, Columns).Span;
        }
    }

    /// <summary>Neighbouring rows.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The rows do not lie inside the view.</exception>
    public FloatRows Slice(int firstRow, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, Rows - firstRow);
        return rows == 0
            ? new FloatRows(Values.Slice(0, 0), 0, Columns, Stride)
            : new FloatRows(Values.Slice((long)firstRow * Stride), rows, Columns, Stride);
    }

    /// <summary>Requires the shape of another view.</summary>
    /// <exception cref="ArgumentException">The views differ in rows or columns.</exception>
    internal void CheckSame(FloatRows other, string name)
    {
        if (Rows != other.Rows || Columns != other.Columns)
        {
            throw new ArgumentException(
                $"[{other.Rows}, {other.Columns}] was given where [{Rows}, {Columns}] is needed.",
                name
            );
        }
    }
}

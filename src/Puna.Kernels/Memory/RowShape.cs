namespace Puna.Kernels.Memory;

/// <summary>Checks that rows lie inside the memory that was handed in, before pointers are used.</summary>
internal static class RowShape
{
    /// <summary>Requires room for <paramref name="rows"/> rows of <paramref name="columns"/>, row r at r * stride.</summary>
    /// <exception cref="ArgumentException">A count is negative, rows overlap, or the last row ends past the memory.</exception>
    public static void Check(long length, int stride, int rows, int columns, string name)
    {
        if (rows < 0 || columns < 0 || (rows > 1 && stride < columns))
        {
            throw new ArgumentException(
                $"{rows} rows of {columns} elements cannot lie {stride} elements apart.",
                name
            );
        }

        var needed = rows == 0 ? 0 : (long)(rows - 1) * stride + columns;
        if (length < needed)
        {
            throw new ArgumentException(
                $"{rows} rows of {columns} elements, {stride} apart, need {needed} elements; there are {length}.",
                name
            );
        }
    }
}

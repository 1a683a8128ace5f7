using Puna.Kernels.Activations;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>
/// A weight matrix W [Rows, Columns]. It owns its memory; what it was packed from may be
/// given back. Immutable, hence safe to share between threads. Only <see cref="DequantRows"/> is
/// needed to serve: both products derive from it. Formats with a product of their own keep 16 rows interleaved, so that
/// one vector load brings the same columns of many rows and no horizontal sum is needed.
/// </summary>
public abstract class PackedMatrix : IDisposable
{
    /// <summary>Rows that are interleaved; the last group is padded with zero rows.</summary>
    public const int RowGroup = 16;

    /// <summary>Sets the shape.</summary>
    protected PackedMatrix(int rows, int columns)
    {
        Rows = rows;
        Columns = columns;
    }

    /// <summary>Output features, M.</summary>
    public int Rows { get; }

    /// <summary>Input features, K.</summary>
    public int Columns { get; }

    /// <summary>Bytes held: those of the file, plus padding to a whole row group.</summary>
    public abstract long Bytes { get; }

    /// <summary>
    /// Decodes rows [firstRow, firstRow + rowCount) to f32, row-major: the one mandatory operation. The products call it
    /// from several threads at once.
    /// </summary>
    public abstract void DequantRows(int firstRow, int rowCount, Span<float> destination);

    /// <summary>
    /// y[t, m] = sum over k of x[t, k] * W[m, k], for every row t of <paramref name="x"/>. The products are int8 where
    /// <paramref name="x"/> holds int8 rows and the format has an int8 kernel, else f32. The result of a row does not
    /// depend on how many rows are in the batch, nor on the number of threads. Unless overridden, the rows of W are
    /// decoded anew in each call.
    /// </summary>
    /// <param name="x">Activations [T, K].</param>
    /// <param name="y">Results [T, M]; they must not overlap x.</param>
    /// <param name="pool">Threads.</param>
    public virtual void Multiply(ActivationRows x, FloatRows y, WorkerPool pool)
    {
        CheckProduct(x, y);
        DecodedProduct.Multiply(this, x, y, pool);
    }

    /// <summary>
    /// dx[t, k] += sum over m of dy[t, m] * W[m, k]: the product with the transposed matrix, in f32 (backward to the
    /// inputs).
    /// </summary>
    /// <param name="dy">[T, M].</param>
    /// <param name="dx">[T, K]; it must not overlap dy.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public virtual void MultiplyTransposed(FloatRows dy, FloatRows dx, WorkerPool pool) =>
        TransposedProduct.Accumulate(this, dy, dx, pool);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Checks the arguments of <see cref="DequantRows"/>.</summary>
    /// <exception cref="ArgumentException">The rows are not in the matrix or the destination is too short.</exception>
    protected void CheckRows(int firstRow, int rowCount, int length)
    {
        if (firstRow < 0 || rowCount < 0 || firstRow > Rows - rowCount)
        {
            throw new ArgumentException(
                $"Rows {firstRow} to {(long)firstRow + rowCount - 1} were asked of a matrix of {Rows} rows."
            );
        }

        RowShape.Check(length, Columns, rowCount, Columns, "destination");
    }

    /// <summary>Checks the arguments of <see cref="Multiply"/>.</summary>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    protected internal void CheckProduct(ActivationRows x, FloatRows y)
    {
        if (x.Columns != Columns)
        {
            throw new ArgumentException(
                $"Activations of {x.Columns} columns were given to a matrix of {Columns}."
            );
        }

        if (y.Rows != x.Tokens || y.Columns != Rows)
        {
            throw new ArgumentException(
                $"Results of [{x.Tokens}, {Rows}] were to go to [{y.Rows}, {y.Columns}].",
                nameof(y)
            );
        }
    }
}

using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>
/// C = A B or C += A B for f32 matrices of which none is a packed weight; A and B may be transposed views. The order of
/// the sums is that of <see cref="PanelProduct"/>: a row of C does not depend on how many rows A has, nor on the
/// threads.
/// </summary>
public static unsafe class FloatProduct
{
    /// <summary>Multiplies.</summary>
    /// <param name="a">A [T, K].</param>
    /// <param name="b">B [K, N].</param>
    /// <param name="c">C [T, N], not transposed; it must not overlap the others.</param>
    /// <param name="accumulate">Whether the product is added to C; else C is overwritten.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other, or C is transposed.</exception>
    public static void Multiply(
        FloatMatrix a,
        FloatMatrix b,
        FloatMatrix c,
        bool accumulate,
        WorkerPool pool
    )
    {
        if (a.Columns != b.Rows || a.Rows != c.Rows || b.Columns != c.Columns)
        {
            throw new ArgumentException(
                $"[{a.Rows}, {a.Columns}] times [{b.Rows}, {b.Columns}] does not give [{c.Rows}, {c.Columns}]."
            );
        }

        if (c.IsTransposed)
        {
            throw new ArgumentException(
                "The result cannot be a transposed view: swap and transpose the factors instead.",
                nameof(c)
            );
        }

        var result = c.Layout();
        if (a.Columns > 0)
        {
            PanelProduct.Multiply(
                new FloatPanelSource(b.Transpose().Layout(), b.Columns),
                b.Columns,
                a.Columns,
                a.Layout(),
                a.Rows,
                result.Origin,
                result.RowStride,
                pool,
                accumulate
            );
        }
        else if (!accumulate)
        {
            for (var row = 0; row < c.Rows; row++)
            {
                new Span<float>(result.Part(row, 0).Origin, c.Columns).Clear();
            }
        }
    }
}

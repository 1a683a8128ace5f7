using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>
/// dx[t, k] += sum over m of dy[t, m] * W[m, k] in f32, for any format: <see cref="PanelRows"/> rows of W at a time
/// are decoded, then multiplied. The sums of the panels are added in ascending order; threads share the columns, so
/// their number changes nothing.
/// </summary>
internal static unsafe class TransposedProduct
{
    /// <summary>Rows of W that are decoded at a time.</summary>
    public const int PanelRows = PanelProduct.Depth;

    /// <summary>Accumulates into dx.</summary>
    /// <param name="matrix">W [M, K].</param>
    /// <param name="dy">[T, M].</param>
    /// <param name="dx">[T, K]. Must not overlap dy.</param>
    /// <param name="pool">Threads.</param>
    public static void Accumulate(PackedMatrix matrix, FloatRows dy, FloatRows dx, WorkerPool pool)
    {
        if (dy.Rows != dx.Rows || dy.Columns != matrix.Rows || dx.Columns != matrix.Columns)
        {
            throw new ArgumentException(
                $"[{dy.Rows}, {dy.Columns}] times [{matrix.Rows}, {matrix.Columns}] does not give [{dx.Rows}, {dx.Columns}]."
            );
        }

        if (dy.Rows == 0)
        {
            return;
        }

        // An odd number of cache lines from row to row: a power of two would put all rows into one cache set.
        var lines = (matrix.Columns + 15) / 16;
        var stride = (lines | 1) * 16;
        var scratch = pool.Scratch((long)PanelRows * stride);
        for (var first = 0; first < matrix.Rows; first += PanelRows)
        {
            var count = Math.Min(PanelRows, matrix.Rows - first);
            var decode = new DecodeJob(matrix, first, count, scratch, stride);
            pool.Run(ref decode);
            PanelProduct.Multiply(
                new FloatPanelSource(new FloatLayout(scratch.Pointer, 1, stride), matrix.Columns),
                matrix.Columns,
                count,
                new FloatLayout(dy.Pointer + first, dy.Stride),
                dy.Rows,
                dx.Pointer,
                dx.Stride,
                pool,
                accumulate: true
            );
        }
    }

    private readonly struct DecodeJob(
        PackedMatrix matrix,
        int first,
        int count,
        NativeSpan<float> panel,
        int stride
    ) : IParallelJob
    {
        public void Execute(int part, int parts)
        {
            var end = Dispatch.PartStart(count, part + 1, parts);
            for (var row = Dispatch.PartStart(count, part, parts); row < end; row++)
            {
                matrix.DequantRows(
                    first + row,
                    1,
                    panel.Slice((long)row * stride, matrix.Columns).Span
                );
            }
        }
    }
}

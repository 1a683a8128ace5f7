using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Matrices;

public sealed class TransposedProductTests
{
    [Theory]
    [InlineData("f32")]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void The_transposed_product_accumulates(string id)
    {
        var format = WeightFormats.Find(id)!;
        foreach (
            var (rows, columns, tokens) in ((int, int, int)[])
                [(1, 1, 1), (150, 300, 9), (600, 70, 30)]
        )
        {
            using var matrix = DenseMatrices.Pack(format, rows, columns, out var values);
            using var pool = new WorkerPool(2);
            var dy = TestNumbers.Uniform(tokens * rows, 2);
            var dx = TestNumbers.Uniform(tokens * columns, 3);
            var (expected, magnitudes) = NaiveProduct.Transposed(
                dy,
                values,
                dx,
                tokens,
                rows,
                columns
            );
            var result = Accumulate(matrix, dy, dx, tokens, pool);
            for (var index = 0; index < result.Length; index++)
            {
                Assert.Equal(
                    expected[index],
                    result[index],
                    magnitudes[index] * Tolerance.F32Sum(rows + 1)
                );
            }
        }
    }

    [Fact]
    public void Neither_batch_nor_threads_change_a_bit()
    {
        const int Rows = 300;
        const int Columns = 515;
        const int Tokens = 33;
        using var matrix = DenseMatrices.Pack(WeightFormats.F32, Rows, Columns, out _);
        using var one = new WorkerPool(1);
        using var three = new WorkerPool(3);
        var dy = TestNumbers.Uniform(Tokens * Rows, 2);
        var dx = TestNumbers.Uniform(Tokens * Columns, 3);
        var whole = Accumulate(matrix, dy, dx, Tokens, three);
        foreach (var batch in (int[])[1, 3, 11])
        {
            for (var first = 0; first < Tokens; first += batch)
            {
                var end = first + batch;
                var part = Accumulate(
                    matrix,
                    dy[(first * Rows)..(end * Rows)],
                    dx[(first * Columns)..(end * Columns)],
                    batch,
                    one
                );
                Assert.Equal(whole[(first * Columns)..(end * Columns)], part);
            }
        }
    }

    [Fact]
    public void Wrong_shapes_are_refused_and_an_empty_batch_is_no_work()
    {
        using var matrix = DenseMatrices.Pack(WeightFormats.F32, 4, 6, out _);
        using var pool = new WorkerPool(1);
        using var dy = new NativeBuffer<float>(8);
        using var dx = new NativeBuffer<float>(12);
        matrix.MultiplyTransposed(new FloatRows(dy.Span, 0, 4), new FloatRows(dx.Span, 0, 6), pool);
        Assert.Throws<ArgumentException>(() =>
            matrix.MultiplyTransposed(
                new FloatRows(dy.Span, 3, 4),
                new FloatRows(dx.Span, 3, 6),
                pool
            )
        );
        Assert.Throws<ArgumentException>(() =>
            matrix.MultiplyTransposed(
                new FloatRows(dy.Span, 2, 4),
                new FloatRows(dx.Span, 2, 5),
                pool
            )
        );
    }

    private static float[] Accumulate(
        PackedMatrix matrix,
        float[] dy,
        float[] dx,
        int tokens,
        WorkerPool pool
    )
    {
        using var from = new GuardedBuffer<float>(dy);
        using var to = new GuardedBuffer<float>(dx);
        matrix.MultiplyTransposed(
            new FloatRows(from.Span, tokens, matrix.Rows),
            new FloatRows(to.Span, tokens, matrix.Columns),
            pool
        );
        return to.ToArray();
    }
}

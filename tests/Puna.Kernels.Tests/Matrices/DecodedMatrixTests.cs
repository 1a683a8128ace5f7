using Puna.Kernels.Activations;
using Puna.Kernels.Formats;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Matrices;

/// <summary>A format that can only decode its rows serves: both products derive from that.</summary>
public sealed class DecodedMatrixTests
{
    public static TheoryData<int, int, int> Shapes =>
        new()
        {
            { 1, 1, 1 },
            { 16, 32, 1 },
            { 17, 33, 5 },
            { 70, 257, 13 },
            { 150, 300, 9 },
            { 3, 1030, 40 },
        };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_product_follows_f64(int rows, int columns, int tokens)
    {
        var values = TestNumbers.Uniform(rows * columns, 1);
        var x = TestNumbers.Uniform(tokens * columns, 2);
        using var matrix = new DecodedMatrix(values, rows, columns);
        using var pool = new WorkerPool(2);
        var y = DenseMatrices.Multiply(matrix, x, tokens, pool);
        var (expected, magnitudes) = NaiveProduct.Forward(x, values, tokens, rows, columns);
        Close(expected, magnitudes, y, columns);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_transposed_product_follows_f64(int rows, int columns, int tokens)
    {
        var values = TestNumbers.Uniform(rows * columns, 1);
        var dy = TestNumbers.Uniform(tokens * rows, 2);
        var dx = TestNumbers.Uniform(tokens * columns, 3);
        using var matrix = new DecodedMatrix(values, rows, columns);
        using var pool = new WorkerPool(2);
        using var from = new GuardedBuffer<float>(dy);
        using var to = new GuardedBuffer<float>(dx);
        matrix.MultiplyTransposed(
            new FloatRows(from.Span, tokens, rows),
            new FloatRows(to.Span, tokens, columns),
            pool
        );
        var (expected, magnitudes) = NaiveProduct.Transposed(dy, values, dx, tokens, rows, columns);
        Close(expected, magnitudes, to.ToArray(), rows + 1);
    }

    [Fact]
    public void Neither_batch_nor_threads_nor_a_product_of_its_own_changes_a_bit()
    {
        const int Rows = 203;
        const int Columns = 515;
        const int Tokens = 33;
        using var packed = DenseMatrices.Pack(WeightFormats.F32, Rows, Columns, out var values);
        using var matrix = new DecodedMatrix(values, Rows, Columns);
        using var one = new WorkerPool(1);
        using var three = new WorkerPool(3);
        var x = TestNumbers.Uniform(Tokens * Columns, 2);
        var whole = DenseMatrices.Multiply(packed, x, Tokens, three);
        foreach (var pool in (WorkerPool[])[one, three])
        {
            foreach (var batch in (int[])[1, 3, 11, 33])
            {
                for (var first = 0; first < Tokens; first += batch)
                {
                    var end = first + batch;
                    var part = x[(first * Columns)..(end * Columns)];
                    Assert.Equal(
                        whole[(first * Rows)..(end * Rows)],
                        DenseMatrices.Multiply(matrix, part, batch, pool)
                    );
                }
            }
        }
    }

    [Fact]
    public void Int8_rows_are_multiplied_as_the_f32_rows_they_came_from()
    {
        const int Columns = 64;
        var x = TestNumbers.Uniform(2 * Columns, 2);
        using var matrix = new DecodedMatrix(TestNumbers.Uniform(5 * Columns, 1), 5, Columns);
        using var pool = new WorkerPool(1);
        using var values = new GuardedBuffer<float>(x);
        using var y = new GuardedBuffer<float>(2 * 5);
        using var rows = new ActivationRows(2, Columns, ActivationFormat.Int8);
        rows.Load(new FloatRows(values.Span, 2, Columns));
        matrix.Multiply(rows, new FloatRows(y.Span, rows.Tokens, 5), pool);
        Assert.Equal(DenseMatrices.Multiply(matrix, x, 2, pool), y.ToArray());
    }

    [Fact]
    public void Wrong_shapes_are_refused_and_an_empty_batch_is_no_work()
    {
        using var matrix = new DecodedMatrix(new float[4 * 6], 4, 6);
        using var pool = new WorkerPool(1);
        using var x = new NativeBuffer<float>(12);
        using var y = new NativeBuffer<float>(8);
        using var rows = new ActivationRows(2, 6, ActivationFormat.F32);
        rows.Load(new FloatRows(x.Span, 0, 6));
        matrix.Multiply(rows, new FloatRows(y.Span, rows.Tokens, 4), pool);
        rows.Load(new FloatRows(x.Span, 2, 6));
        Assert.Throws<ArgumentException>(() =>
            matrix.Multiply(rows, new FloatRows(y.Span, rows.Tokens, 3), pool)
        );
        rows.Load(new FloatRows(x.Span, 2, 5));
        Assert.Throws<ArgumentException>(() =>
            matrix.Multiply(rows, new FloatRows(y.Span, rows.Tokens, 4), pool)
        );
    }

    private static void Close(double[] expected, double[] magnitudes, float[] actual, int terms)
    {
        for (var index = 0; index < expected.Length; index++)
        {
            Assert.Equal(
                expected[index],
                actual[index],
                magnitudes[index] * Tolerance.F32Sum(terms)
            );
        }
    }
}

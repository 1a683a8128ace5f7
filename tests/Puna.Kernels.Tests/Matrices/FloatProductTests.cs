using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Tests.Lanes;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Matrices;

public sealed unsafe class FloatProductTests
{
    public static TheoryData<int, bool, bool> Cases
    {
        get
        {
            var cases = new TheoryData<int, bool, bool>();
            foreach (var width in (int[])[1, 4, 8, 16])
            {
                cases.Add(width, false, false);
                cases.Add(width, false, true);
                cases.Add(width, true, false);
                cases.Add(width, true, true);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_of_every_shape_follow_f64(int width, bool transposeA, bool transposeB)
    {
        for (var size = 1; size <= 70; size++)
        {
            Check(1 + size % 29, 71 - size, size);
            Check(size, 1 + size * 5 % 67, 1 + size % 9);
        }

        // More rows than a block, more columns than a piece, and few outputs: threads share the rows.
        Check(600, 20, 17);
        Check(37, 600, 75);

        void Check(int rows, int inner, int columns)
        {
            foreach (var accumulate in (bool[])[false, true])
            {
                CheckShape(width, rows, inner, columns, transposeA, transposeB, accumulate);
            }
        }
    }

    [Fact]
    public void Neither_rows_nor_threads_nor_transposed_views_change_a_bit()
    {
        const int Rows = 300;
        const int Inner = 521;
        var a = TestNumbers.Uniform(Rows * Inner, 1);
        foreach (var columns in (int[])[8, 75, 400])
        {
            var b = TestNumbers.Uniform(Inner * columns, 2);
            var whole = Multiply(a, b, Rows, Inner, columns, false, false, 1);
            Assert.Equal(whole, Multiply(a, b, Rows, Inner, columns, false, false, 3));
            Assert.Equal(whole, Multiply(a, b, Rows, Inner, columns, true, true, 2));
            var part = Multiply(a[..(5 * Inner)], b, 5, Inner, columns, false, false, 1);
            Assert.Equal(whole[..(5 * columns)], part);
        }
    }

    [Fact]
    public void A_sum_of_no_terms_is_zero_and_wrong_shapes_are_refused()
    {
        using var pool = new WorkerPool(1);
        using var memory = new NativeBuffer<float>(12);
        memory.Span.Span.Fill(7);
        var c = new FloatMatrix(new FloatRows(memory.Span, 3, 2, 4));
        var none = new FloatMatrix(default, 3, 0);
        FloatProduct.Multiply(none, new FloatMatrix(default, 0, 2), c, true, pool);
        Assert.All(memory.Span.Span.ToArray(), value => Assert.Equal(7, value));
        FloatProduct.Multiply(none, new FloatMatrix(default, 0, 2), c, false, pool);
        Assert.Equal([0, 0, 7, 7, 0, 0, 7, 7, 0, 0, 7, 7], memory.Span.Span.ToArray());

        var empty = new FloatMatrix(default, 0, 3);
        FloatProduct.Multiply(empty, c, new FloatMatrix(default, 0, 2), false, pool);
        Assert.Throws<ArgumentException>(() => FloatProduct.Multiply(c, c, c, false, pool));
        Assert.Throws<ArgumentException>(() =>
            FloatProduct.Multiply(
                none.Transpose(),
                new FloatMatrix(default, 3, 0),
                new FloatMatrix(default, 0, 0).Transpose(),
                false,
                pool
            )
        );
        Assert.Throws<ArgumentException>(() => new FloatRows(memory.Span, 3, 4, 5));
        Assert.Throws<ArgumentException>(() => new FloatMatrix(memory.Span, 3, 5));
    }

    private static void CheckShape(
        int width,
        int rows,
        int inner,
        int columns,
        bool transposeA,
        bool transposeB,
        bool accumulate
    )
    {
        var a = TestNumbers.Uniform(rows * inner, 1);
        var b = TestNumbers.Uniform(inner * columns, 2);
        var c = TestNumbers.Uniform(rows * columns, 3);
        using var memoryA = new GuardedBuffer<float>(transposeA ? Transpose(a, rows, inner) : a);
        using var memoryB = new GuardedBuffer<float>(transposeB ? Transpose(b, inner, columns) : b);
        using var result = new GuardedBuffer<float>(c);
        var viewA = View(memoryA.Span, rows, inner, transposeA);
        var viewB = View(memoryB.Span, inner, columns, transposeB);
        for (var part = 0; part < 3; part++)
        {
            Widths.Run(
                width,
                new PanelProduct.Job<FloatPanelSource>(
                    new FloatPanelSource(viewB.Transpose().Layout(), columns),
                    columns,
                    inner,
                    viewA.Layout(),
                    rows,
                    result.Pointer,
                    columns,
                    accumulate
                ),
                part,
                3
            );
        }

        var start = accumulate ? c : new float[c.Length];
        var (expected, magnitudes) = NaiveProduct.Transposed(a, b, start, rows, inner, columns);
        for (var index = 0; index < expected.Length; index++)
        {
            Assert.Equal(
                expected[index],
                result.Span[index],
                magnitudes[index] * Tolerance.F32Sum(inner + 1)
            );
        }
    }

    private static float[] Multiply(
        float[] a,
        float[] b,
        int rows,
        int inner,
        int columns,
        bool transposeA,
        bool transposeB,
        int threads
    )
    {
        using var pool = new WorkerPool(threads);
        using var memoryA = new GuardedBuffer<float>(transposeA ? Transpose(a, rows, inner) : a);
        using var memoryB = new GuardedBuffer<float>(transposeB ? Transpose(b, inner, columns) : b);
        using var result = new GuardedBuffer<float>(rows * columns);
        FloatProduct.Multiply(
            View(memoryA.Span, rows, inner, transposeA),
            View(memoryB.Span, inner, columns, transposeB),
            new FloatMatrix(result.Span, rows, columns),
            false,
            pool
        );
        return result.ToArray();
    }

    private static FloatMatrix View(
        NativeSpan<float> values,
        int rows,
        int columns,
        bool transposed
    ) =>
        transposed
            ? new FloatMatrix(values, columns, rows).Transpose()
            : new FloatMatrix(values, rows, columns);

    private static float[] Transpose(float[] values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                result[column * rows + row] = values[row * columns + column];
            }
        }

        return result;
    }
}

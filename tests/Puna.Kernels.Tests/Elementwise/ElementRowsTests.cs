using Puna.Kernels.Elementwise;
using Puna.Kernels.Memory;
using Puna.Kernels.Tests.Lanes;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Elementwise;

public sealed unsafe class ElementRowsTests
{
    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Every_length_touches_its_own_elements_only(int width)
    {
        for (var columns = 0; columns <= 70; columns++)
        {
            CheckSum(width, columns, atEnd: true);
            CheckSum(width, columns, atEnd: false);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Long_and_many_rows_are_all_done_with_any_number_of_threads(int threads)
    {
        using var pool = new WorkerPool(threads);
        foreach (var (rows, columns) in ((int, int)[])[(1, 70_001), (33, 2049), (7000, 7), (0, 9)])
        {
            var stride = columns + 3;
            using var gate = Fill(rows, stride, 1);
            using var up = Fill(rows, stride, 2);
            using var y = new NativeBuffer<float>((long)rows * columns);
            SwiGlu.Forward(
                new FloatRows(gate.Span, rows, columns, stride),
                new FloatRows(up.Span, rows, columns, stride),
                new FloatRows(y.Span, rows, columns),
                pool
            );
            for (var row = 0; row < rows; row++)
            {
                for (var column = 0; column < columns; column++)
                {
                    var expected =
                        NaiveFunctions.Silu(gate.Span[row * stride + column])
                        * up.Span[row * stride + column];
                    Assert.Equal(
                        expected,
                        y.Span[row * columns + column],
                        Math.Abs(expected) * (Tolerance.F32Function + Tolerance.F32Unit)
                    );
                }
            }
        }
    }

    [Fact]
    public void Scaled_add_scale_and_bias_follow_their_definitions_in_place()
    {
        const int Rows = 5;
        const int Columns = 37;
        using var pool = new WorkerPool(1);
        using var x = Fill(Rows, Columns, 3);
        using var y = Fill(Rows, Columns, 4);
        using var bias = Fill(1, Columns, 5);
        var before = x.Span.Span.ToArray();

        ScaledAdd.Forward(
            new FloatRows(x.Span, Rows, Columns),
            new FloatRows(y.Span, Rows, Columns),
            0.25f,
            pool
        );
        BiasAdd.Forward(new FloatRows(x.Span, Rows, Columns), bias.Span, pool);
        Scale.Forward(new FloatRows(x.Span, Rows, Columns), -3f, pool);

        for (var index = 0; index < before.Length; index++)
        {
            var (a, b, c) = (before[index], 0.25 * y.Span[index], bias.Span[index % Columns]);
            var magnitude = 3 * (Math.Abs(a) + Math.Abs(b) + Math.Abs(c));
            Assert.Equal(-3 * (a + b + c), x.Span[index], magnitude * Tolerance.F32Sum(3));
        }
    }

    [Fact]
    public void Exponential_and_silu_reach_every_row()
    {
        using var pool = new WorkerPool(1);
        using var x = Fill(3, 20, 6);
        using var y = new NativeBuffer<float>(60);
        Exponential.Forward(new FloatRows(x.Span, 3, 20), new FloatRows(y.Span, 3, 20), pool);
        Assert.Equal(
            Math.Exp(x.Span[59]),
            y.Span[59],
            Math.Exp(x.Span[59]) * Tolerance.F32Function
        );
        Silu.Forward(new FloatRows(x.Span, 3, 20), new FloatRows(y.Span, 3, 20), pool);
        var expected = NaiveFunctions.Silu(x.Span[59]);
        Assert.Equal(expected, y.Span[59], Math.Abs(expected) * Tolerance.F32Function);
    }

    [Fact]
    public void Rows_that_do_not_fit_the_memory_are_refused()
    {
        using var pool = new WorkerPool(1);
        using var x = new NativeBuffer<float>(20);
        Assert.Throws<ArgumentException>(() =>
            Scale.Forward(new FloatRows(x.Span, 3, 10), 1, pool)
        );
        Assert.Throws<ArgumentException>(() =>
            Scale.Forward(new FloatRows(x.Span, 2, 10, 5), 1, pool)
        );
        Assert.Throws<ArgumentException>(() =>
            Scale.Forward(new FloatRows(x.Span, -1, 10, 5), 1, pool)
        );
        Assert.Throws<ArgumentException>(() =>
            BiasAdd.Forward(new FloatRows(x.Span, 2, 10), x.Span.Slice(15), pool)
        );
    }

    private static void CheckSum(int width, int columns, bool atEnd)
    {
        using var a = new GuardedBuffer<float>(TestNumbers.Uniform(columns, 1), atEnd);
        using var b = new GuardedBuffer<float>(TestNumbers.Uniform(columns, 2), atEnd);
        using var y = new GuardedBuffer<float>(columns, atEnd);
        Widths.Run(
            width,
            new ElementRows.Job<BiasAdd.Operator>(
                default,
                a.Pointer,
                columns,
                b.Pointer,
                0,
                y.Pointer,
                columns,
                1,
                columns
            )
        );
        for (var index = 0; index < columns; index++)
        {
            Assert.Equal(a.Span[index] + b.Span[index], y.Span[index]);
        }
    }

    private static NativeBuffer<float> Fill(int rows, int columns, int seed)
    {
        var buffer = new NativeBuffer<float>((long)rows * columns);
        TestNumbers.Uniform(rows * columns, seed, 8).CopyTo(buffer.Span.Span);
        return buffer;
    }
}

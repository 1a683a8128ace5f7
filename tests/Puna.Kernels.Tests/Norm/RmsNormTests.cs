using Puna.Kernels.Memory;
using Puna.Kernels.Norm;
using Puna.Kernels.Tests.Lanes;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Norm;

public sealed unsafe class RmsNormTests
{
    private const float Epsilon = 1e-5f;

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Every_length_follows_the_definition(int width)
    {
        foreach (var columns in Enumerable.Range(1, 70).Append(576).Append(8191))
        {
            var values = TestNumbers.Uniform(2 * columns, columns, 3);
            var scale = TestNumbers.Uniform(columns, columns + 1);
            using var x = new GuardedBuffer<float>(values);
            using var weight = new GuardedBuffer<float>(scale);
            using var y = new GuardedBuffer<float>(2 * columns);
            Widths.Run(
                width,
                new RmsNorm.Job(
                    x.Pointer,
                    columns,
                    weight.Pointer,
                    Epsilon,
                    y.Pointer,
                    columns,
                    2,
                    columns
                )
            );
            for (var row = 0; row < 2; row++)
            {
                var expected = NaiveFunctions.RmsNorm(
                    values.AsSpan(row * columns, columns),
                    scale,
                    Epsilon
                );
                for (var index = 0; index < columns; index++)
                {
                    // The root halves the error of the sum; root, division and two products add a unit each.
                    var tolerance = Tolerance.F32Sum(columns) / 2 + 4 * Tolerance.F32Unit;
                    Assert.Equal(
                        expected[index],
                        y.Span[row * columns + index],
                        Math.Abs(expected[index]) * tolerance
                    );
                }
            }
        }
    }

    [Fact]
    public void The_result_of_a_row_depends_on_neither_batch_nor_threads_nor_place()
    {
        const int Rows = 33;
        const int Columns = 2051;
        using var one = new WorkerPool(1);
        using var three = new WorkerPool(3);
        using var x = new NativeBuffer<float>(Rows * Columns);
        using var weight = new NativeBuffer<float>(Columns);
        using var y = new NativeBuffer<float>(Rows * Columns);
        TestNumbers.Uniform(Rows * Columns, 1).CopyTo(x.Span.Span);
        TestNumbers.Uniform(Columns, 2).CopyTo(weight.Span.Span);
        RmsNorm.Forward(
            new FloatRows(x.Span, Rows, Columns),
            weight.Span,
            Epsilon,
            new FloatRows(y.Span, Rows, Columns),
            three
        );
        var batch = y.Span.Span.ToArray();
        for (var row = 0; row < Rows; row++)
        {
            var part = x.Span.Slice(row * Columns);
            RmsNorm.Forward(
                new FloatRows(part, 1, Columns),
                weight.Span,
                Epsilon,
                new FloatRows(part, 1, Columns),
                one
            );
        }

        Assert.Equal(batch, x.Span.Span.ToArray());
    }

    [Fact]
    public void Nan_stays_in_its_row_and_zeros_stay_zeros()
    {
        const int Columns = 20;
        using var pool = new WorkerPool(1);
        using var x = new NativeBuffer<float>(3 * Columns);
        using var weight = new NativeBuffer<float>(Columns);
        weight.Span.Span.Fill(1);
        x.Span[3] = float.NaN;
        x.Span.Slice(2 * Columns).Span.Fill(-2);
        RmsNorm.Forward(
            new FloatRows(x.Span, 1, Columns),
            weight.Span,
            0.0f,
            new FloatRows(x.Span, 1, Columns),
            pool
        );
        var rest = x.Span.Slice(Columns);
        RmsNorm.Forward(
            new FloatRows(rest, 2, Columns),
            weight.Span,
            Epsilon,
            new FloatRows(rest, 2, Columns),
            pool
        );
        Assert.All(x.Span.Slice(0, Columns).Span.ToArray(), v => Assert.True(float.IsNaN(v)));
        Assert.All(rest.Slice(0, Columns).Span.ToArray(), v => Assert.Equal(0, v));
        Assert.All(
            rest.Slice(Columns).Span.ToArray(),
            v => Assert.Equal(-2 / Math.Sqrt(4 + Epsilon), v, Tolerance.F32Sum(Columns))
        );
        Assert.Throws<ArgumentException>(() =>
            RmsNorm.Forward(
                new FloatRows(x.Span, 1, 20),
                weight.Span.Slice(1),
                0,
                new FloatRows(x.Span, 1, 20),
                pool
            )
        );
    }
}

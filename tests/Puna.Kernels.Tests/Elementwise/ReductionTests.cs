using Puna.Kernels.Elementwise;
using Puna.Kernels.Memory;
using Puna.Kernels.Tests.Lanes;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Elementwise;

public sealed unsafe class ReductionTests
{
    private const float Inf = float.PositiveInfinity;

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Softmax_and_log_sum_exp_follow_f64_at_every_length(int width)
    {
        foreach (var count in Enumerable.Range(1, 70).Append(1025).Append(49_152))
        {
            var values = TestNumbers.Uniform(count, count, 20);
            using var x = new GuardedBuffer<float>(values);
            using var y = new GuardedBuffer<float>(count);
            var total = LogSumExpOf(width, x.Span);
            // The total's magnitude is at most 20 + log(count); its f32 part is the rounding of e^(x - max).
            Assert.Equal(NaiveFunctions.LogSumExp(values), total, 4 * Tolerance.F32Function);

            Widths.Run(width, new Softmax.Job(x.Pointer, count, y.Pointer, count, 1, count));
            var expected = NaiveFunctions.Softmax(values);
            for (var index = 0; index < count; index++)
            {
                Assert.Equal(expected[index], y.Span[index], Tolerance.F32Function);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Infinite_and_missing_elements_are_handled(int width)
    {
        Assert.Equal(double.NegativeInfinity, LogSumExpOf(width, []));
        Assert.Equal(double.NegativeInfinity, LogSumExpOf(width, [-Inf, -Inf]));
        Assert.Equal(double.PositiveInfinity, LogSumExpOf(width, [1, Inf, 2]));
        Assert.True(double.IsNaN(LogSumExpOf(width, [1, float.NaN, 2])));
        Assert.True(double.IsNaN(LogSumExpOf(width, [-Inf, float.NaN])));
        Assert.Equal(
            1000 + Math.Log(2),
            LogSumExpOf(width, [1000, 1000, -Inf]),
            1000 * Tolerance.F32Unit
        );
        Assert.Equal([0, 0.5f, 0, 0.5f], SoftmaxOf(width, [-Inf, 3, -Inf, 3]));
        Assert.All(SoftmaxOf(width, [1, float.NaN, 2]), p => Assert.True(float.IsNaN(p)));
        Assert.All(SoftmaxOf(width, [-Inf, -Inf]), p => Assert.True(float.IsNaN(p)));
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Arg_max_is_the_lowest_index_of_the_greatest_number(int width)
    {
        var random = new Random(7);
        foreach (var count in Enumerable.Range(0, 70).Append(513).Append(5000))
        {
            for (var round = 0; round < 10; round++)
            {
                // Few distinct values, so that there are ties; now and then NaN and -Inf.
                var values = new float[count];
                for (var index = 0; index < count; index++)
                {
                    values[index] = random.Next(12) switch
                    {
                        0 => float.NaN,
                        1 => -Inf,
                        var number => number - 20,
                    };
                }

                Assert.Equal(NaiveFunctions.ArgMax(values), ArgMaxOf(width, values));
            }
        }

        Assert.Equal(-1, ArgMaxOf(width, [float.NaN, float.NaN]));
        Assert.Equal(1, ArgMaxOf(width, [float.NaN, -Inf, -Inf]));
        Assert.Equal(2, ArgMaxOf(width, [1, float.NaN, Inf, Inf]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Rows_equal_single_rows_bit_for_bit(int threads)
    {
        const int Rows = 9;
        const int Columns = 5000;
        using var pool = new WorkerPool(threads);
        using var x = new NativeBuffer<float>(Rows * Columns);
        using var y = new NativeBuffer<float>(Rows * Columns);
        TestNumbers.Uniform(Rows * Columns, 5, 10).CopyTo(x.Span.Span);
        var totals = new double[Rows];
        LogSumExp.Forward(new FloatRows(x.Span, Rows, Columns), totals, pool);
        Softmax.Forward(
            new FloatRows(x.Span, Rows, Columns),
            new FloatRows(y.Span, Rows, Columns),
            pool
        );
        var single = new float[Columns];
        for (var row = 0; row < Rows; row++)
        {
            var values = x.Span.Slice(row * Columns, Columns).Span;
            Assert.Equal(LogSumExp.Of(values), totals[row]);
            Softmax.Forward(values, single);
            Assert.Equal(single, y.Span.Slice(row * Columns, Columns).Span.ToArray());
        }

        Assert.Equal(NaiveFunctions.ArgMax(single), ArgMax.Of(single));
        Assert.Throws<ArgumentException>(() => Softmax.Forward(single, new float[3]));
    }

    private static double LogSumExpOf(int width, float[] values)
    {
        using var x = new GuardedBuffer<float>(values);
        return LogSumExpOf(width, x.Span);
    }

    private static double LogSumExpOf(int width, NativeSpan<float> x)
    {
        double result;
        var count = (int)x.Length;
        Widths.Run(width, new LogSumExp.Job(x.Pointer, count, 1, count, &result));
        return result;
    }

    private static float[] SoftmaxOf(int width, float[] values)
    {
        using var x = new GuardedBuffer<float>(values);
        var count = values.Length;
        Widths.Run(width, new Softmax.Job(x.Pointer, count, x.Pointer, count, 1, count));
        return x.ToArray();
    }

    private static int ArgMaxOf(int width, float[] values)
    {
        using var x = new GuardedBuffer<float>(values);
        int index;
        Widths.Run(width, new ArgMax.Job(x.Pointer, values.Length, &index));
        return index;
    }
}

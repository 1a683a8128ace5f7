using Puna.Kernels.Elementwise;
using Puna.Kernels.Tests.Lanes;

namespace Puna.Kernels.Tests.Elementwise;

public sealed unsafe class ExponentialTests
{
    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Normal_results_are_within_the_table_of_f64(int width)
    {
        var x = Enumerable.Range(0, 20_001).Select(i => -87.3f + i * (176f / 20_000)).ToArray();
        var y = Run<Exponential.Operator>(width, x);
        for (var index = 0; index < x.Length; index++)
        {
            var expected = Math.Exp(x[index]);
            Assert.Equal(expected, y[index], expected * Tolerance.F32Function);
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Extremes_are_those_of_the_function(int width)
    {
        float[] x =
        [
            0,
            -0f,
            88.8f,
            1e30f,
            float.PositiveInfinity,
            -104,
            -1e30f,
            float.NegativeInfinity,
            float.NaN,
            float.Epsilon,
        ];
        var inf = float.PositiveInfinity;
        Assert.Equal(
            [1, 1, inf, inf, inf, 0, 0, 0, float.NaN, 1],
            Run<Exponential.Operator>(width, x)
        );
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Subnormal_results_are_within_one_step(int width)
    {
        var x = Enumerable.Range(0, 1000).Select(i => -87.4f - i * 0.016f).ToArray();
        var y = Run<Exponential.Operator>(width, x);
        for (var index = 0; index < x.Length; index++)
        {
            Assert.Equal(Math.Exp(x[index]), y[index], (double)float.Epsilon);
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Silu_is_within_the_table_where_its_exponential_is_finite(int width)
    {
        var x = Enumerable.Range(0, 20_001).Select(i => -88f + i * (188f / 20_000)).ToArray();
        var y = Run<Silu.Operator>(width, x);
        for (var index = 0; index < x.Length; index++)
        {
            var expected = NaiveFunctions.Silu(x[index]);
            Assert.Equal(expected, y[index], Math.Abs(expected) * Tolerance.F32Function);
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Silu_of_large_numbers_is_the_number_or_zero(int width)
    {
        float[] x = [1e30f, float.PositiveInfinity, -100, -1e30f, float.NaN];
        Assert.Equal(
            [1e30f, float.PositiveInfinity, -0f, -0f, float.NaN],
            Run<Silu.Operator>(width, x)
        );
    }

    private static float[] Run<TOperator>(int width, float[] x)
        where TOperator : struct, IElementOperator
    {
        using var from = new GuardedBuffer<float>(x);
        using var to = new GuardedBuffer<float>(x.Length);
        Widths.Run(
            width,
            new ElementRows.Job<TOperator>(
                default,
                from.Pointer,
                x.Length,
                from.Pointer,
                x.Length,
                to.Pointer,
                x.Length,
                1,
                x.Length
            )
        );
        return to.ToArray();
    }
}

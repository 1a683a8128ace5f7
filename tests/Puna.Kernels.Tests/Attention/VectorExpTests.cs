using Puna.Kernels.Attention;
using Puna.Kernels.Lanes;
using Puna.Testing;

namespace Puna.Kernels.Tests.Attention;

public sealed unsafe class VectorExpTests
{
    [Fact]
    public void The_exponential_is_within_its_bound_at_every_width()
    {
        Check<Lanes1>();
        Check<Lanes4>();
        Check<Lanes8>();
        Check<Lanes16>();
    }

    [Fact]
    public void Zero_gives_one_minus_infinity_gives_zero_and_NaN_stays()
    {
        Assert.Equal(1, At<Lanes8>(0));
        Assert.Equal(0, At<Lanes8>(float.NegativeInfinity));
        Assert.Equal(0, At<Lanes8>(-110));
        Assert.Equal(1, At<Lanes1>(-0f));
        Assert.Equal(0, At<Lanes1>(float.NegativeInfinity));
        Assert.True(float.IsNaN(At<Lanes4>(float.NaN)));
        Assert.True(float.IsNaN(At<Lanes16>(float.NaN)));
    }

    private static float At<TLanes>(float x)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var result = stackalloc float[16];
        TLanes.Store(VectorExp.NonPositive(TLanes.Broadcast(x)), result);
        return result[0];
    }

    private static void Check<TLanes>()
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var x = 0f; x > -103; x -= 0.00731f)
        {
            var expected = Math.Exp(x);
            // Below the normal numbers the unit is absolute.
            var bound = Math.Max(Tolerance.F32Function * expected, float.Epsilon);
            Assert.InRange(Math.Abs(At<TLanes>(x) - expected), 0, bound);
        }
    }
}

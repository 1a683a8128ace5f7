using System.Runtime.Intrinsics;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Tests.Lanes;

public sealed class DispatchTests
{
    [Fact]
    public void The_level_is_the_widest_that_the_processor_accelerates()
    {
        var expected =
            Vector512.IsHardwareAccelerated ? KernelLevel.Avx512
            : Vector256.IsHardwareAccelerated ? KernelLevel.Avx2
            : Vector128.IsHardwareAccelerated ? KernelLevel.Vector128
            : KernelLevel.Scalar;
        Assert.Equal(expected, Dispatch.Level);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 3)]
    [InlineData(10, 3)]
    [InlineData(int.MaxValue, 7)]
    public void Parts_cover_all_items_without_overlap(int count, int parts)
    {
        Assert.Equal(0, Dispatch.PartStart(count, 0, parts));
        Assert.Equal(count, Dispatch.PartStart(count, parts, parts));
        for (var part = 0; part < parts; part++)
        {
            Assert.True(
                Dispatch.PartStart(count, part, parts) <= Dispatch.PartStart(count, part + 1, parts)
            );
        }
    }
}

using Puna.Kernels.Emitted;
using Puna.Kernels.Formats;
using Puna.Kernels.Lanes;
using Puna.Kernels.Quantised;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Tests.Quantised;

namespace Puna.Kernels.Tests.Emitted;

/// <summary>The emitted loops compute the bits of the managed kernels, whose twin is the naive product.</summary>
public sealed class EmittedProductTests
{
    private const string Absent = "This process uses no emitted code.";

    public static TheoryData<WeightFormat> Formats => BlockMatrix.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_batch_has_the_bits_of_the_managed_kernels(WeightFormat format)
    {
        const int Most = 130;
        Assert.SkipUnless(EmittedCode.IsWanted, Absent);
        foreach (var (rows, blocks) in new[] { (1, 1), (16, 3), (37, 2), (67, 9) })
        {
            var columns = blocks * format.BlockSize;
            using var matrix = BlockMatrix.Random(format, rows, columns, (ulong)rows);
            var x = TestNumbers.Uniform(Most * columns, rows, 3);
            var step = rows == 37 ? 1 : 7;
            for (var tokens = 1; tokens <= Most; tokens += step)
            {
                Assert.Equal(
                    matrix.Multiply(x, tokens, (KernelLevel.Avx512, false)),
                    matrix.Multiply(x, tokens, (KernelLevel.Avx512, true), 1 + tokens % 3)
                );
            }
        }
    }

    [Fact]
    public void Loops_exist_for_all_layouts_of_planes_and_for_no_other()
    {
        Assert.SkipUnless(EmittedCode.IsWanted, Absent);
        Assert.True(DotLoops<Q4_1Layout>.Exist);
        Assert.True(DotLoops<Q6_KLayout>.Exist);
        Assert.True(DotLoops<IQ4_XSLayout>.Exist);
        Assert.False(DotLoops<TQ1_0Layout>.Exist);
    }

    [Fact]
    public void A_switch_and_narrow_vectors_keep_to_the_managed_kernels()
    {
        Assert.True(EmittedCode.Allows(KernelLevel.Avx512, null));
        Assert.True(EmittedCode.Allows(KernelLevel.Avx512, "1"));
        Assert.False(EmittedCode.Allows(KernelLevel.Avx512, "0"));
        Assert.False(EmittedCode.Allows(KernelLevel.Avx2, null));
        Assert.False(EmittedCode.Allows(KernelLevel.Scalar, "1"));
        if (Environment.GetEnvironmentVariable(EmittedCode.Switch) == "0")
        {
            Assert.False(EmittedCode.IsWanted);
            Assert.False(DotLoops<Q4_1Layout>.Exist);
        }
    }
}

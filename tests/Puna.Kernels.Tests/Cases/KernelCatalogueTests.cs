using Puna.Kernels.Cases;
using Puna.Kernels.Formats;
using Puna.Kernels.Lanes;
using Puna.Kernels.Limits;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Cases;

public sealed class KernelCatalogueTests
{
    // Preparing a matrix larger than the caches takes longer than all other tests of a class.
    public static TheoryData<string> Small =>
        [
            .. KernelCatalogue
                .All.Where(kernel => kernel.Work is { Bytes: < 2 << 20, Operations: < 1e8 })
                .Select(kernel => kernel.Name),
        ];

    [Fact]
    public void Names_are_unique() =>
        Assert.Distinct(KernelCatalogue.All.Select(kernel => kernel.Name));

    [Fact]
    public void Every_format_is_there_in_memory_and_in_cache_and_for_one_and_many_rows()
    {
        foreach (var format in WeightFormats.All)
        {
            Assert.Equal(2, KernelCatalogue.Named($"gemv {format.Id}").Count);
            Assert.Single(KernelCatalogue.Named($"gemm {format.Id} 512x2048x2048"));
            var memory = Assert.Single(KernelCatalogue.Named($"gemv {format.Id} memory"));
            Assert.True(memory.Work.Bytes >= 256 << 20);
            Assert.Equal(OperandHome.Memory, memory.Work.Home);
        }
    }

    [Fact]
    public void A_filter_takes_every_word_whatever_its_case()
    {
        Assert.Equal(KernelCatalogue.All, KernelCatalogue.Named(" "));
        Assert.All(
            KernelCatalogue.Named("DECODE attention"),
            kernel => Assert.StartsWith("attention decode", kernel.Name, StringComparison.Ordinal)
        );
        Assert.Equal(4, KernelCatalogue.Named("attention decode 8192").Count);
        Assert.Empty(KernelCatalogue.Named("attention q4_0"));
    }

    [Theory]
    [MemberData(nameof(Small))]
    public void A_case_runs_again_and_again(string name)
    {
        using var pool = new WorkerPool(2);
        var kernel = Assert.Single(KernelCatalogue.All, kernel => kernel.Name == name);
        using var prepared = kernel.Prepare(pool);
        prepared.Run();
        prepared.Run();
        Assert.True(kernel.Work.Bytes > 0);
    }

    [Fact]
    public void The_floor_is_the_slower_of_moving_and_computing()
    {
        var limits = new MachineLimits("p", KernelLevel.Scalar, 1, 10, 10, 100, 100, 4, 4, 8, 8);
        Check(new KernelWork(20, OperandHome.Memory, 4), 2, "memory read");
        Check(new KernelWork(20, OperandHome.Cache, 4), 1, "f32 multiply-add");
        Check(new KernelWork(200, OperandHome.Cache, 4), 2, "cache read");
        Check(new KernelWork(20, OperandHome.Cache, 4, KernelArithmetic.Int8), 0.5, "int8");

        void Check(KernelWork work, double seconds, string limit)
        {
            Assert.Equal(seconds, work.Floor(limits));
            Assert.Equal(limit, work.Limit(limits));
        }
    }
}

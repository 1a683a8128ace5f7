using Puna.Engine.Measurement;
using Puna.Kernels.Cases;
using Puna.Kernels.Limits;
using Puna.Kernels.Threads;

namespace Puna.Engine.Tests.Measurement;

public sealed class KernelBenchTests
{
    [Fact]
    public void Every_case_is_one_row_with_as_many_samples_as_asked_for()
    {
        using var pool = new WorkerPool(1);
        var cases = KernelCatalogue.Named("rope");
        var rows = new KernelBench(pool, 3).Run(cases).ToList();
        Assert.Equal(cases, rows.Select(row => row.Kernel));
        Assert.All(
            rows,
            row =>
            {
                Assert.Equal(3, row.Seconds.Samples.Count);
                Assert.Equal(
                    row.Kernel.Work.Bytes,
                    row.BytesPerSecond * row.Seconds.Median,
                    row.Kernel.Work.Bytes * 1e-12
                );
            }
        );
    }

    [Fact]
    public void A_kernel_in_memory_is_held_against_what_memory_gave_around_it()
    {
        var memory = KernelCatalogue.Named("gemv memory")[0];
        var limits = MachineLimits.Unmeasured(1) with
        {
            ReadBandwidth = 1,
            CacheBandwidth = 1,
            MultiplyAddPeak = 1e30,
            Int8Peak = 1e30,
        };
        var row = new KernelRow(memory, new SampleSummary([4]), memory.Work.Bytes / 2);
        Assert.Equal(2, row.Floor(limits));
        Assert.Equal(0.5, row.ShareOfFloor(limits));
        Assert.Equal(memory.Work.Bytes, (row with { ReadBandwidth = null }).Floor(limits));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    [InlineData(1001)]
    public void A_number_of_repetitions_out_of_range_is_refused(int repeats)
    {
        using var pool = new WorkerPool(1);
        var refusal = Assert.Throws<InputException>(() => new KernelBench(pool, repeats));
        Assert.StartsWith($"--repeat is {repeats}", refusal.Message, StringComparison.Ordinal);
    }
}

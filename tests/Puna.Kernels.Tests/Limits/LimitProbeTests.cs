using Puna.Kernels.Lanes;
using Puna.Kernels.Limits;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Limits;

public sealed unsafe class LimitProbeTests
{
    [Fact]
    public void Every_limit_is_a_positive_number_and_names_its_machine()
    {
        using var pool = new WorkerPool(2);
        using var probe = new LimitProbe(pool, 1 << 20);
        var limits = probe.Measure();
        Assert.NotEmpty(limits.Processor);
        Assert.True(probe.ReadBandwidth() > 0);
        Assert.Equal(Dispatch.Level, limits.Level);
        Assert.Equal(2, limits.Threads);
        Assert.All(
            [
                limits.ReadBandwidth,
                limits.ReadBandwidthOneThread,
                limits.CacheBandwidth,
                limits.CacheBandwidthOneThread,
                limits.MultiplyAddPeak,
                limits.MultiplyAddPeakOneThread,
                limits.Int8Peak,
                limits.Int8PeakOneThread,
            ],
            limit => Assert.True(double.IsFinite(limit) && limit > 0)
        );
    }

    [Fact]
    public void The_better_of_two_measurements_is_taken_limit_by_limit()
    {
        var first = new MachineLimits("p", KernelLevel.Scalar, 2, 1, 6, 2, 5, 3, 4, 7, 8);
        var second = new MachineLimits("p", KernelLevel.Scalar, 2, 6, 1, 5, 2, 4, 3, 8, 7);
        Assert.Equal(
            new MachineLimits("p", KernelLevel.Scalar, 2, 6, 6, 5, 5, 4, 4, 8, 8),
            first.OrBetter(second)
        );
    }

    // The sum of all bit patterns tells that each float was read once: no line is left out, none read twice.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_read_probe_reads_every_line_once(int parts)
    {
        const int Floats = 2 * 3 * 4 * 16 * 5;
        using var memory = new NativeBuffer<float>(Floats);
        using var sink = new NativeBuffer<float>(parts * ReadProbe.Line);
        var expected = 0u;
        for (var index = 0; index < Floats; index++)
        {
            memory.Span.Cast<uint>()[index] = (uint)(index * index + 1);
            expected += (uint)(index * index + 1);
        }

        for (var part = 0; part < parts; part++)
        {
            new ReadProbe(memory.Span.Pointer, Floats, 1, sink.Span.Pointer).Execute<Lanes16>(
                part,
                parts
            );
        }

        var sum = 0u;
        for (var index = 0; index < sink.Length; index++)
        {
            sum += sink.Span.Cast<uint>()[index];
        }

        Assert.Equal(expected, sum);
    }
}

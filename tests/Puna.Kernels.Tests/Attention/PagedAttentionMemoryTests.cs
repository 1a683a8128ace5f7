using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;
using static Puna.Kernels.Tests.Attention.AttentionCases;

namespace Puna.Kernels.Tests.Attention;

[Collection(nameof(NativeMemoryCollection))]
public sealed class PagedAttentionMemoryTests
{
    [Fact]
    public void A_call_allocates_nothing_once_the_scratch_has_grown()
    {
        using var test = Causal(4, 2, 32, 0, Pair("f16", "int8"), 600, 33);
        AssertNothing(test, rounds: 10);
    }

    [Fact]
    public void Pages_that_are_widened_by_their_format_allocate_nothing_either()
    {
        KvSlotFormat[] formats = [new NibblePageFormat(), .. KvPageFormats.All];
        using var test = Causal(
            4,
            2,
            32,
            0,
            page => new KvFormatPair(formats[page % 5], formats[page / 2 % 5]),
            600,
            33
        );
        AssertNothing(test, rounds: 1);
    }

    private static void AssertNothing(AttentionCase test, int rounds)
    {
        using var attention = new PagedAttention();
        using var pool = new WorkerPool(1);
        using var output = new NativeBuffer<float>(33 * 4 * 32);
        Call(33);
        Call(1);
        var native = NativeMemoryMeter.Bytes;
        var managed = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < rounds; round++)
        {
            Call(33);
            Call(1);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - managed);
        Assert.True(NativeMemoryMeter.Bytes <= native);

        void Call(int tokens) =>
            attention.Forward(
                test.Shape,
                test.Queries.Slice(0, tokens * 128),
                test.QueryPositions.AsSpan(0, tokens),
                test.Pages,
                test.PagesPerHead,
                output.Span.Slice(0, tokens * 128),
                pool
            );
    }
}

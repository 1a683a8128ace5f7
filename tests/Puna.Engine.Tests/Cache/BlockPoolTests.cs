using Puna.Engine.Cache;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Tests.Cache;

/// <summary>Counts of the whole process's native memory: nothing else may run beside them.</summary>
[Collection(nameof(NativeMemoryCollection))]
public sealed class BlockPoolTests
{
    private static readonly KvBankShape[] s_smol =
    [
        .. Enumerable.Repeat(new KvBankShape(3, 64), 30),
    ];

    [Theory]
    [InlineData("f32", 2 * 30 * 3 * 64 * 4)]
    [InlineData("f16", 2 * 30 * 3 * 64 * 2)]
    [InlineData("bf16", 2 * 30 * 3 * 64 * 2)]
    [InlineData("int8", 2 * 30 * 3 * (64 + 4))]
    public void Payload_is_the_closed_formula(string id, int bytesPerToken)
    {
        var format = KvPageFormats.Find(id)!;
        var shape = new KvCacheShape(s_smol, format, format);
        Assert.Equal(bytesPerToken, shape.BytesPerToken);
        using var cache = new KvCache(shape);
        using var sequence = cache.CreateSequence();
        sequence.Reserve(70);
        sequence.Commit(new int[70]);

        // 70 tokens lie in 3 pages of 32.
        var bytes = cache.Bytes;
        Assert.Equal(96L * bytesPerToken, bytes.Payload);
        Assert.Equal(bytes.Payload / 2, bytes.Keys);
        Assert.Equal(0, bytes.Shared);

        // 32 positions and a reference count a page; the alignment is 64 bytes.
        Assert.InRange(bytes.Metadata, 3 * (32 * 4 + 4), 3 * (32 * 4 + 4 + 64));
        Assert.Equal(3 * (cache.BlockBytes + 4), bytes.Total);
        Assert.Equal(bytes.Total + 3 * 16, sequence.Bytes.Total);
    }

    [Fact]
    public void Keys_and_values_count_by_their_own_formats()
    {
        var shape = new KvCacheShape(s_smol, KvPageFormats.F16, KvPageFormats.Int8);
        Assert.Equal(30 * 3 * 64 * 2, shape.KeyBytesPerToken);
        Assert.Equal(30 * 3 * 68, shape.ValueBytesPerToken);
    }

    [Fact]
    public void Each_bank_counts_by_formats_of_its_own()
    {
        var shape = new KvCacheShape(
            [new(2, 8), new(1, 16), new(2, 8)],
            bank => new KvFormatPair(
                bank == 1 ? KvPageFormats.F32 : KvPageFormats.F16,
                KvPageFormats.Int8
            )
        );
        Assert.Equal(2 * 2 * 8 * 2 + 16 * 4, shape.KeyBytesPerToken);
        Assert.Equal(2 * 2 * (8 + 4) + 16 + 4, shape.ValueBytesPerToken);
        Assert.Same(KvPageFormats.F32, shape.Formats(1).Keys);
        Assert.True(shape.IsAlike(0, 2));
        Assert.False(shape.IsAlike(0, 1));
        Assert.Contains("keys F16, F32, F16, values Int8", $"{shape}", StringComparison.Ordinal);
        Assert.False(
            shape.Matches(
                new KvCacheShape(
                    [new(2, 8), new(1, 16), new(2, 8)],
                    KvPageFormats.F16,
                    KvPageFormats.Int8
                )
            )
        );
    }

    [Fact]
    public void Shared_pages_count_once_in_the_total_and_in_full_for_each_holder()
    {
        using var fixture = new CacheFixture();
        using var first = fixture.Filled(0, 40);
        using var second = first.Fork();
        var group = 32 * fixture.Cache.Shape.BytesPerToken;
        Assert.Equal(2 * group, fixture.Cache.Bytes.Payload);
        Assert.Equal(2 * group, fixture.Cache.Bytes.Shared);
        fixture.AppendRange(second, 40, 1);
        Assert.Equal(3 * group, fixture.Cache.Bytes.Payload);
        Assert.Equal(group, fixture.Cache.Bytes.Shared);
        Assert.Equal((2 * group, group), (first.Bytes.Payload, first.Bytes.Shared));
        Assert.Equal((2 * group, group), (second.Bytes.Payload, second.Bytes.Shared));
    }

    [Fact]
    public void A_split_page_counts_once_and_is_not_shared_with_anyone()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 20);
        sequence.Shift(10, 20, 5);
        Assert.Equal(32 * fixture.Cache.Shape.BytesPerToken, sequence.Bytes.Payload);
        Assert.Equal(0, sequence.Bytes.Shared);
    }

    [Fact]
    public void Native_memory_is_what_the_cache_says_and_all_of_it_comes_back()
    {
        var before = NativeMemoryMeter.Bytes;
        var cache = new KvCache(new KvCacheShape(s_smol, KvPageFormats.F16, KvPageFormats.F16));
        Assert.Equal(before, NativeMemoryMeter.Bytes);
        var sequence = cache.CreateSequence();
        sequence.Reserve(1000);
        Assert.Equal(cache.ReservedBytes, NativeMemoryMeter.Bytes - before);
        Assert.Equal(cache.ReservedBytes, (cache.LiveBlocks + cache.FreeBlocks) * cache.BlockBytes);
        Assert.Equal(32, cache.LiveBlocks);
        cache.Dispose();
        sequence.Dispose();
        Assert.Equal(before, NativeMemoryMeter.Bytes);
    }

    [Fact]
    public void A_full_cache_says_so_and_the_sequence_is_unchanged()
    {
        using var probe = new CacheFixture();
        var limit = 3 * probe.Cache.BlockBytes;
        using var fixture = new CacheFixture(memoryLimit: limit);
        using var sequence = fixture.Filled(0, 40);
        var before = fixture.Read(sequence);
        var fault = Assert.Throws<CacheFullException>(() => sequence.Reserve(57));
        Assert.Contains($"limit is {limit} bytes", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, fixture.Read(sequence));
        Assert.Equal((40, 0), (sequence.LogicalLength, sequence.TailLength));
        sequence.Reserve(56);
        Assert.True(fixture.Cache.ReservedBytes <= limit);
    }

    [Fact]
    public void A_copy_on_write_that_finds_no_page_changes_nothing()
    {
        using var probe = new CacheFixture();
        using var fixture = new CacheFixture(memoryLimit: probe.Cache.BlockBytes);
        using var first = fixture.Filled(0, 5);
        using var second = first.Fork();
        Assert.Throws<CacheFullException>(() => second.Reserve(1));
        Assert.Equal(fixture.Read(first), fixture.Read(second));
        first.Dispose();
        fixture.Append(second, 6);
        Assert.Equal(6, fixture.Read(second).Count);
    }

    [Fact]
    public void A_page_given_back_shows_nothing_to_its_next_holder()
    {
        using var fixture = new CacheFixture();
        fixture.Filled(100, 32).Dispose();
        using var sequence = fixture.Cache.CreateSequence();
        sequence.Reserve(1);
        Assert.False(
            fixture
                .Cache.Memory.Pools[0]
                .Block(sequence.Lanes[0].Table[0].Block)
                .Span.ContainsAnyExcept((byte)0)
        );
    }

    [Fact]
    public void Limits_and_shapes_that_cannot_work_are_refused()
    {
        var shape = new KvCacheShape([new(1, 8)], KvPageFormats.F32, KvPageFormats.F32);
        Assert.Throws<InputException>(() => new KvCache(shape, memoryLimit: 100));
        Assert.Throws<InputException>(() =>
            new KvCacheShape([new(0, 8)], KvPageFormats.F32, KvPageFormats.F32)
        );
        Assert.Throws<InputException>(() =>
            new KvCacheShape([new(1, -1)], KvPageFormats.F32, KvPageFormats.F32)
        );
        Assert.Throws<InputException>(() =>
            new KvCacheShape([new(1 << 16, 1 << 15)], KvPageFormats.F32, KvPageFormats.F32)
        );
    }
}

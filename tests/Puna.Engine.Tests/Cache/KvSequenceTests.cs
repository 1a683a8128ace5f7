using Puna.Engine.Cache;
using Puna.Kernels.Attention;

namespace Puna.Engine.Tests.Cache;

public sealed class KvSequenceTests
{
    [Fact]
    public void An_empty_sequence_has_no_page_and_takes_empty_operations()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Cache.CreateSequence();
        Assert.Equal(0, sequence.Reserve(0));
        sequence.Commit([]);
        sequence.Truncate(0);
        sequence.Compact([]);
        Assert.Equal(0, sequence.Drop(0, 10));
        sequence.Shift(0, 0, 0);
        using var fork = sequence.Fork();
        Assert.Equal(0, sequence.Pages.List(0, []));
        Assert.Equal(0, fork.LogicalLength);
        Assert.Equal(0, fixture.Cache.LiveBlocks);
    }

    [Fact]
    public void One_token_takes_one_page_and_stands_at_position_0()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(5, 1);
        Assert.Equal([(0, 5)], fixture.Read(sequence));
        Assert.Equal(1, fixture.Cache.LiveBlocks);
        Assert.Equal(
            (1, 1, 0),
            (sequence.LogicalLength, sequence.Lanes[0].PhysicalLength, sequence.TailLength)
        );
    }

    [Theory]
    [InlineData(31, 1)]
    [InlineData(32, 1)]
    [InlineData(33, 2)]
    [InlineData(64, 2)]
    [InlineData(65, 3)]
    public void A_sequence_takes_as_many_pages_as_its_tokens_need(int tokens, int pages)
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, tokens);
        Assert.Equal(pages, sequence.Pages.PerHead(0));
        Assert.Equal(pages, fixture.Cache.LiveBlocks);
    }

    [Fact]
    public void Attention_sees_the_tail_and_only_commit_makes_it_count()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 30);
        fixture.Append(sequence, 30, 31, 32);
        Assert.Equal(33, fixture.Read(sequence).Count);
        Assert.Equal(
            (30, 30, 3),
            (sequence.LogicalLength, sequence.Lanes[0].PhysicalLength, sequence.TailLength)
        );
        sequence.Commit(new int[1]);
        Assert.Equal(31, fixture.Read(sequence).Count);
        Assert.Equal(
            (31, 31, 0),
            (sequence.LogicalLength, sequence.Lanes[0].PhysicalLength, sequence.TailLength)
        );
        Assert.Equal(1, fixture.Cache.LiveBlocks);
    }

    [Fact]
    public void A_fork_shares_every_page_and_the_first_writer_copies_the_last_one()
    {
        using var fixture = new CacheFixture();
        using var first = fixture.Filled(0, 40);
        using var second = first.Fork();
        Assert.Equal(2, fixture.Cache.LiveBlocks);
        fixture.Append(second, 1000);
        Assert.Equal(3, fixture.Cache.LiveBlocks);
        fixture.Append(first, 2000);
        Assert.Equal(3, fixture.Cache.LiveBlocks);
        Assert.Contains((40, 1000), fixture.Read(second));
        Assert.Contains((40, 2000), fixture.Read(first));
        Assert.DoesNotContain((40, 1000), fixture.Read(first));
    }

    [Fact]
    public void Truncating_into_a_shared_page_and_going_on_leaves_the_other_as_it_was()
    {
        using var fixture = new CacheFixture();
        using var first = fixture.Filled(0, 64);
        using var second = first.Fork();
        var before = fixture.Read(first);
        second.Truncate(10);
        fixture.AppendRange(second, 500, 60);
        Assert.Equal(before, fixture.Read(first));
        Assert.Equal(70, fixture.Read(second).Count);
    }

    [Fact]
    public void A_token_tree_is_attended_whole_and_compacted_to_its_path()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 31);
        var first = sequence.Reserve([31, 32, 32, 33, 33]);
        fixture.Write(sequence, first, [100, 101, 102, 103, 104]);
        Assert.Equal(36, fixture.Read(sequence).Count);
        Assert.Throws<InvalidOperationException>(() => sequence.Commit(new int[3]));
        sequence.Compact([0, 2, 4]);
        sequence.Commit(new int[3]);
        Assert.Equal(
            [(31, 100), (32, 102), (33, 104)],
            fixture.Read(sequence).Where(slot => slot.Position >= 31)
        );
        Assert.Equal(34, sequence.LogicalLength);
    }

    [Fact]
    public void A_prefix_moves_by_its_page_table_alone_and_gets_an_offset_group_of_its_own()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 100);

        // The sinks of a streaming cache: 4 first tokens, the window from 60 on.
        Assert.Equal(56, sequence.Drop(4, 60));
        sequence.Shift(0, 4, 56);
        Assert.Equal((100, 44), (sequence.LogicalLength, sequence.Lanes[0].PhysicalLength));
        Assert.Equal([0, 56], sequence.Offsets.ToArray());
        Assert.Equal(
            [
                .. Enumerable.Range(0, 4).Select(token => (56 + token, token)),
                .. Enumerable.Range(60, 40).Select(token => (token, token)),
            ],
            fixture.Read(sequence)
        );
        fixture.AppendRange(sequence, 100, 5);
        Assert.Equal((104, 104), fixture.Read(sequence)[^1]);
    }

    [Fact]
    public void A_part_of_a_page_moves_and_new_tokens_open_a_page_at_offset_0()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 20);
        sequence.Drop(5, 10);
        sequence.Shift(10, 20, -5);
        Assert.Equal((15, 15), (sequence.LogicalLength, sequence.Lanes[0].PhysicalLength));
        Assert.Equal(1, fixture.Cache.LiveBlocks);
        fixture.AppendRange(sequence, 20, 3);
        Assert.Equal(2, fixture.Cache.LiveBlocks);
        Assert.Equal(
            Enumerable
                .Range(0, 18)
                .Select(position => (position, position < 5 ? position : position + 5)),
            fixture.Read(sequence)
        );
    }

    [Fact]
    public void A_shift_that_leaves_the_line_of_positions_is_refused()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 20);
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Shift(3, 20, -4));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Shift(0, 4, 17));
        sequence.Shift(0, 4, 16);
        Assert.Equal((19, 19), fixture.Read(sequence)[^1]);
    }

    [Fact]
    public void What_needs_final_tokens_is_refused_while_there_is_a_tail()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 3);
        fixture.Append(sequence, 3);
        Assert.Throws<InvalidOperationException>(sequence.Fork);
        Assert.Throws<InvalidOperationException>(() => sequence.Drop(0, 1));
        Assert.Throws<InvalidOperationException>(() => sequence.Shift(0, 1, 0));
        using var tree = new PrefixTree(fixture.Cache);
        Assert.Equal(0, tree.Publish(CacheFixture.Identity, [0, 1, 2], sequence));
    }

    [Fact]
    public void Arguments_outside_the_sequence_are_refused()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Truncate(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Commit(new int[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Compact([0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Reserve([2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Pages.PerHead(3));
        Assert.Throws<ArgumentException>(() => sequence.Pages.List(0, new KvPageRef[1]));
        Assert.Throws<InputException>(() => sequence.Reserve([int.MaxValue]));
        Assert.Equal(0, sequence.TailLength);
        fixture.Append(sequence, 3, 4);
        Assert.Throws<ArgumentException>(() => sequence.Compact([1, 0]));
    }

    [Fact]
    public void A_sequence_is_of_no_use_after_it_was_disposed()
    {
        using var fixture = new CacheFixture();
        var sequence = fixture.Filled(0, 3);
        sequence.Dispose();
        sequence.Dispose();
        Assert.Equal(0, fixture.Cache.LiveBlocks);
        Assert.Throws<ObjectDisposedException>(() => sequence.Reserve(1));
    }

    [Theory]
    [InlineData("f16")]
    [InlineData("int8")]
    public void Many_threads_write_the_bytes_that_one_writes(string id)
    {
        var format = KvPageFormats.Find(id)!;
        using var one = new CacheFixture(format, format);
        using var many = new CacheFixture(format, format, threads: 3);
        using var first = one.Cache.CreateSequence();
        using var second = many.Cache.CreateSequence();
        var tokens = Enumerable.Range(0, CacheFixture.MostTokens).ToArray();
        one.Append(first, 7, 8, 9);
        many.Append(second, 7, 8, 9);

        one.Append(first, tokens);
        many.Append(second, tokens);
        Assert.Equal(one.Read(first), many.Read(second));
        for (var page = 0; page < first.Pages.PerHead(0); page++)
        {
            Assert.True(
                one.Cache.Memory.Pools[0]
                    .Block(first.Lanes[0].Table[page].Block)
                    .Span.SequenceEqual(
                        many.Cache.Memory.Pools[0].Block(second.Lanes[0].Table[page].Block).Span
                    )
            );
        }
    }

    [Fact]
    public void Decoding_within_prepared_memory_allocates_nothing()
    {
        using var fixture = new CacheFixture(KvPageFormats.F16, KvPageFormats.Int8);
        using var sequence = fixture.Cache.CreateSequence(expectedTokens: 512);
        fixture.Cache.Prepare(512);
        var pages = new KvPageRef[3 * 16];
        Decode(fixture, sequence, pages, 0, 64);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Decode(fixture, sequence, pages, 64, 500);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(500, sequence.LogicalLength);
    }

    private static void Decode(
        CacheFixture fixture,
        KvSequence sequence,
        KvPageRef[] pages,
        int from,
        int to
    )
    {
        Span<int> ids = stackalloc int[1];
        for (var token = from; token < to; token++)
        {
            var first = sequence.Reserve(1);
            fixture.Write(sequence, first, [token]);
            for (var bank = 0; bank < fixture.Cache.Shape.Banks; bank++)
            {
                sequence.Pages.List(bank, pages);
            }

            // Every few tokens a draft is refused, as in speculative decoding.
            if (token % 7 == 0)
            {
                sequence.Reserve(3);
                sequence.Compact([0]);
            }

            sequence.Commit(ids);
        }
    }
}

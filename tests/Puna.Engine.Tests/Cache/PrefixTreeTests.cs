using Puna.Engine.Cache;
using Puna.Kernels.Attention;

namespace Puna.Engine.Tests.Cache;

public sealed class PrefixTreeTests
{
    private static readonly KvIdentity s_identity = CacheFixture.Identity;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(31, 0)]
    [InlineData(32, 31)]
    [InlineData(33, 32)]
    [InlineData(63, 32)]
    [InlineData(64, 63)]
    [InlineData(65, 64)]
    [InlineData(100, 64)]
    public void A_prompt_takes_whole_blocks_and_never_its_last_token(int prompt, int matched)
    {
        using var fixture = new CacheFixture();
        using var tree = new PrefixTree(fixture.Cache);
        using var sequence = fixture.Filled(0, 95);
        Assert.Equal(64, tree.Publish(s_identity, Tokens(0, 95), sequence));
        using var found = tree.Lookup(s_identity, Tokens(0, prompt));
        Assert.Equal(matched, found.LogicalLength);
        Assert.Equal(matched, found.Lanes[0].PhysicalLength);
        Assert.Equal(fixture.Read(sequence).Take(matched), fixture.Read(found));
        Assert.Equal(matched, tree.Stats.CachedTokens);
    }

    [Fact]
    public void A_match_goes_on_without_touching_what_is_cached()
    {
        using var fixture = new CacheFixture();
        using var tree = new PrefixTree(fixture.Cache);
        using (var sequence = fixture.Filled(0, 64))
        {
            tree.Publish(s_identity, Tokens(0, 64), sequence);
        }

        using var first = tree.Lookup(s_identity, Tokens(0, 64));
        fixture.AppendRange(first, 900, 20);
        using var second = tree.Lookup(s_identity, Tokens(0, 65));
        Assert.Equal(Tokens(0, 64).Select(token => (token, token)), fixture.Read(second));
    }

    [Fact]
    public void Branches_share_their_common_blocks_only()
    {
        using var fixture = new CacheFixture();
        using var tree = new PrefixTree(fixture.Cache);
        using var first = fixture.Filled(0, 96);
        using var second = first.Fork();
        second.Truncate(64);
        fixture.AppendRange(second, 500, 32);
        int[] other = [.. Tokens(0, 64), .. Tokens(500, 32)];
        Assert.Equal(96, tree.Publish(s_identity, Tokens(0, 96), first));
        Assert.Equal(32, tree.Publish(s_identity, other, second));
        Assert.Equal(0, tree.Publish(s_identity, other, second));
        Assert.Equal(4, tree.Stats.Blocks);
        using var found = tree.Lookup(s_identity, [.. other, 7]);
        Assert.Equal(fixture.Read(second), fixture.Read(found));
    }

    [Fact]
    public void Only_committed_full_pages_are_published()
    {
        using var fixture = new CacheFixture();
        using var tree = new PrefixTree(fixture.Cache);
        using var sequence = fixture.Filled(0, 40);
        fixture.Append(sequence, Tokens(40, 30));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            tree.Publish(s_identity, Tokens(0, 70), sequence)
        );
        Assert.Equal(32, tree.Publish(s_identity, Tokens(0, 40), sequence));
        Assert.Equal(1, tree.Stats.Blocks);
    }

    [Fact]
    public void Pages_with_dropped_or_moved_tokens_are_not_published()
    {
        using var fixture = new CacheFixture();
        using var tree = new PrefixTree(fixture.Cache);
        using var dropped = fixture.Filled(0, 96);
        dropped.Drop(40, 41);
        Assert.Equal(32, tree.Publish(s_identity, Tokens(0, 96), dropped));
        using var moved = fixture.Filled(200, 64);
        moved.Shift(32, 64, 5);
        Assert.Equal(32, tree.Publish(s_identity, Tokens(200, 64), moved));
        using var inserted = fixture.Cache.CreateSequence();
        fixture.Write(inserted, inserted.Reserve([.. Tokens(3, 64)]), Tokens(300, 64));
        inserted.Commit(new int[64]);
        Assert.Equal(0, tree.Publish(s_identity, Tokens(300, 64), inserted));
    }

    [Theory]
    [InlineData("other", "", "theta=10000", "dense", "salt")]
    [InlineData("model", "lora", "theta=10000", "dense", "salt")]
    [InlineData("model", "", "theta=500000", "dense", "salt")]
    [InlineData("model", "", "theta=10000", "streaming", "salt")]
    [InlineData("model", "", "theta=10000", "dense", "pepper")]
    [InlineData("mode", "l", "theta=10000", "dense", "salt")]
    public void Another_identity_finds_nothing(
        string model,
        string adapter,
        string rope,
        string policy,
        string salt
    )
    {
        using var fixture = new CacheFixture();
        using var tree = new PrefixTree(fixture.Cache, long.MaxValue, (_, _) => 0);
        using var sequence = fixture.Filled(0, 64);
        tree.Publish(s_identity, Tokens(0, 64), sequence);
        var other = new KvIdentity(model, adapter, rope, policy, salt);
        using var found = tree.Lookup(other, Tokens(0, 65));
        Assert.Equal(0, found.LogicalLength);
        tree.Publish(other, Tokens(0, 64), sequence);
        using var again = tree.Lookup(other, Tokens(0, 65));
        Assert.Equal(64, again.LogicalLength);
    }

    [Fact]
    public void Equal_keys_of_different_tokens_are_told_apart()
    {
        using var fixture = new CacheFixture();
        using var tree = new PrefixTree(fixture.Cache, long.MaxValue, (_, _) => 42);
        for (var start = 0; start < 3; start++)
        {
            using var sequence = fixture.Filled(start * 64, 64);
            Assert.Equal(64, tree.Publish(s_identity, Tokens(start * 64, 64), sequence));
        }

        for (var start = 0; start < 3; start++)
        {
            using var found = tree.Lookup(s_identity, Tokens(start * 64, 65));
            Assert.Equal(start * 64, fixture.Read(found)[0].Token);
            Assert.Equal(64, found.LogicalLength);
        }

        using var none = tree.Lookup(s_identity, [.. Tokens(0, 31), 99, .. Tokens(32, 33)]);
        Assert.Equal(0, none.LogicalLength);
        Assert.Equal(6, tree.EvictTo(0));
        Assert.Equal(0, tree.Stats.Blocks);
    }

    [Fact]
    public void The_least_recently_used_block_goes_first_and_children_before_parents()
    {
        using var fixture = new CacheFixture();
        using var tree = new PrefixTree(fixture.Cache);
        Publish(fixture, tree, 0, 64);
        Publish(fixture, tree, 1000, 64);
        Publish(fixture, tree, 2000, 64);
        tree.Lookup(s_identity, Tokens(0, 65)).Dispose();
        var block = 32 * fixture.Cache.Shape.BytesPerToken;
        Assert.Equal(6 * block, tree.Stats.UnusedBytes);

        Assert.Equal(1, tree.EvictTo(5 * block));
        Assert.Equal(32, Matched(tree, 1000));
        Assert.Equal(64, Matched(tree, 2000));

        // The look-ups above made the run of 0 the oldest.
        Assert.Equal(2, tree.EvictTo(3 * block));
        Assert.Equal(0, Matched(tree, 0));
        Assert.Equal(3, tree.Stats.EvictedBlocks);
        Assert.Equal(3, fixture.Cache.LiveBlocks);
    }

    [Fact]
    public void Blocks_in_use_are_never_evicted()
    {
        using var fixture = new CacheFixture();
        using var tree = new PrefixTree(fixture.Cache);
        Publish(fixture, tree, 0, 96);
        using (var pin = tree.Lookup(s_identity, Tokens(0, 70)))
        {
            Assert.Equal(1, tree.EvictTo(0));
            Assert.Equal(64, Matched(tree, 0));
            Assert.Equal(0, tree.Stats.UnusedBytes);
        }

        Assert.Equal(2, tree.EvictTo(0));
        Assert.Equal(0, fixture.Cache.LiveBlocks);
    }

    [Fact]
    public void A_full_cache_takes_unused_blocks_back_before_it_refuses()
    {
        using var probe = new CacheFixture();
        using var fixture = new CacheFixture(memoryLimit: 4 * probe.Cache.BlockBytes);
        using var tree = new PrefixTree(fixture.Cache);
        Publish(fixture, tree, 0, 96);
        using var sequence = fixture.Filled(500, 90);
        Assert.Equal(32, Matched(tree, 0));
        Assert.Throws<CacheFullException>(() => sequence.Reserve(60));
        sequence.Reserve(30);
        Assert.Equal(0, Matched(tree, 0));
    }

    [Fact]
    public void Unused_blocks_beyond_the_limit_go_at_once()
    {
        using var fixture = new CacheFixture();
        var block = 32 * fixture.Cache.Shape.BytesPerToken;
        using var tree = new PrefixTree(fixture.Cache, 2 * block);
        Publish(fixture, tree, 0, 96);
        Publish(fixture, tree, 1000, 32);
        Assert.Equal(2 * block, tree.Stats.UnusedBytes - block);
        Publish(fixture, tree, 2000, 32);
        Assert.InRange(tree.Stats.UnusedBytes, 0, 3 * block);
    }

    [Fact]
    public void Sixty_four_requests_with_a_common_prefix_compute_it_once()
    {
        using var fixture = new CacheFixture(KvPageFormats.F16, KvPageFormats.F16);
        using var tree = new PrefixTree(fixture.Cache);
        var live = new List<KvSequence>();
        var computed = 0;
        for (var request = 0; request < 64; request++)
        {
            int[] prompt = [.. Tokens(0, 192), .. Tokens(1000 + request * 28, 28)];
            var sequence = tree.Lookup(s_identity, prompt);
            var rest = prompt[sequence.LogicalLength..];
            fixture.Append(sequence, rest);
            sequence.Commit(rest);
            computed += rest.Length;
            tree.Publish(s_identity, prompt, sequence);
            live.Add(sequence);
        }

        Assert.Equal(192 + 64 * 28, computed);

        // 6 common pages and one page of their own for each.
        Assert.Equal(6 + 64, fixture.Cache.LiveBlocks);
        Assert.Equal((64, 64 * 220, 63 * 192), Counters(tree.Stats));
        live.ForEach(sequence => sequence.Dispose());
        tree.Dispose();
        Assert.Equal(0, fixture.Cache.LiveBlocks);
    }

    [Fact]
    public void Random_requests_get_exactly_the_content_of_their_own_tokens()
    {
        using var probe = new CacheFixture();
        using var fixture = new CacheFixture(memoryLimit: 40 * probe.Cache.BlockBytes);
        using var tree = new PrefixTree(fixture.Cache, 24 * 32 * fixture.Cache.Shape.BytesPerToken);
        var random = new Random(20);
        var prompts = new List<int[]> { Tokens(0, 10) };
        for (var step = 0; step < 400; step++)
        {
            // A new prompt branches off an older one at any place, often beside a block border.
            var old = prompts[random.Next(prompts.Count)];
            var cut =
                random.Next(3) == 0
                    ? random.Next(old.Length + 1)
                    : Math.Min(old.Length, 31 + random.Next(3));
            int[] prompt = [.. old[..cut], .. Tokens(random.Next(20) * 1000, 1 + random.Next(60))];
            prompt = prompt[..Math.Min(prompt.Length, 200)];
            prompts.Add(prompt);
            using var sequence = tree.Lookup(s_identity, prompt);
            Assert.InRange(sequence.LogicalLength, 0, prompt.Length - 1);
            var rest = prompt[sequence.LogicalLength..];
            fixture.Append(sequence, rest);
            sequence.Commit(rest);
            Assert.Equal(
                prompt.Select((token, position) => (position, token)),
                fixture.Read(sequence)
            );
            tree.Publish(s_identity, prompt, sequence);
        }

        Assert.True(tree.Stats.CachedTokens > 0);
        Assert.True(tree.Stats.EvictedBlocks > 0);
        tree.EvictTo(0);
        Assert.Equal(0, fixture.Cache.LiveBlocks);
        Assert.Equal(0, tree.Stats.Blocks);
    }

    [Fact]
    public void A_tree_takes_only_the_sequences_of_its_own_cache()
    {
        using var fixture = new CacheFixture();
        using var other = new CacheFixture();
        using var tree = new PrefixTree(fixture.Cache);
        using var foreign = other.Filled(0, 32);
        Assert.Throws<ArgumentException>(() => tree.Publish(s_identity, Tokens(0, 32), foreign));
        tree.Dispose();
        using var next = new PrefixTree(fixture.Cache);
        Assert.Throws<ObjectDisposedException>(() => tree.Lookup(s_identity, [1]));
    }

    private static (long, long, long) Counters(PrefixTreeStats stats) =>
        (stats.Lookups, stats.LookedUpTokens, stats.CachedTokens);

    private static int[] Tokens(int first, int count) => [.. Enumerable.Range(first, count)];

    private static void Publish(CacheFixture fixture, PrefixTree tree, int first, int count)
    {
        using var sequence = fixture.Filled(first, count);
        tree.Publish(s_identity, Tokens(first, count), sequence);
    }

    private static int Matched(PrefixTree tree, int first)
    {
        using var found = tree.Lookup(s_identity, Tokens(first, 97));
        return found.LogicalLength;
    }
}

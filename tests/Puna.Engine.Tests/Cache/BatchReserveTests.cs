using Puna.Engine.Cache;
using Puna.Engine.Execution;
using Puna.Kernels.Attention;

namespace Puna.Engine.Tests.Cache;

/// <summary>A batch gets all its slots or none, and the cache says exactly how much can still be had.</summary>
public sealed class BatchReserveTests
{
    [Theory]
    [InlineData(1, KvEffects.None)]
    [InlineData(2, KvEffects.None)]
    [InlineData(3, KvEffects.PerHead)]
    public void A_random_batch_under_a_tight_limit_changes_all_sequences_or_none(
        int seed,
        object effects
    )
    {
        using var probe = new CacheFixture(policies: Chain((KvEffects)effects));
        using var fixture = new CacheFixture(
            memoryLimit: 24 * probe.Cache.BlockBytes,
            policies: Chain((KvEffects)effects)
        );
        var random = new Random(seed);
        var family = new List<(KvSequence Sequence, SequenceModel Model)>();
        var (token, refused, taken) = (0, 0, 0);
        for (var step = 0; step < 300; step++)
        {
            if (family.Count < 5)
            {
                family.Add((fixture.Cache.CreateSequence(), new SequenceModel()));
            }

            if (family.Count < 8 && random.Next(2) == 0)
            {
                var (parent, model) = family[random.Next(family.Count)];
                family.Add((parent.Fork(), model.Fork()));
            }

            var members = family.Where(_ => random.Next(2) == 0).ToList();
            Segment[] segments =
            [
                .. members.Select(member => new Segment(member.Sequence, random.Next(90))),
            ];
            var total = segments.Sum(segment => segment.Tokens);
            var (first, positions) = (new int[segments.Length], new int[total]);
            var (live, fits) = (fixture.Cache.LiveBlocks, Fits(fixture.Cache, segments));
            try
            {
                TokenPlacement.Reserve(segments, first, positions);
                Assert.True(fits);
                taken += total;
                Commit(fixture, members, segments, ref token);
            }
            catch (CacheFullException)
            {
                Assert.False(fits);
                refused++;
                Assert.Equal(live, fixture.Cache.LiveBlocks);
                Drop(random, family);
            }

            foreach (var (sequence, model) in family)
            {
                Assert.Equal(0, sequence.TailLength);
                Assert.Equal(model.LogicalLength, sequence.LogicalLength);
                Assert.Equal(model.Sorted(), fixture.Read(sequence));
            }
        }

        Assert.True(refused > 20 && taken > 1000, $"{refused} refused, {taken} tokens taken");
    }

    [Theory]
    [InlineData(KvEffects.None)]
    [InlineData(KvEffects.PerHead)]
    public void What_is_available_can_be_had_and_one_token_more_cannot(object effects)
    {
        using var probe = new CacheFixture(policies: Chain((KvEffects)effects));
        for (var blocks = 1; blocks < 40; blocks += 3)
        {
            using var fixture = new CacheFixture(
                memoryLimit: blocks * probe.Cache.BlockBytes + blocks,
                policies: Chain((KvEffects)effects)
            );
            using var held = fixture.Filled(0, Math.Min(20, blocks * 5));
            using var tree =
                (KvEffects)effects == KvEffects.None ? new PrefixTree(fixture.Cache) : null;
            if (blocks > 4)
            {
                using var cached = fixture.Filled(500, 64);
                tree?.Publish(CacheFixture.Identity, [.. Enumerable.Range(500, 64)], cached);
            }

            var available = (int)fixture.Cache.Available;
            using var sequence = fixture.Cache.CreateSequence();
            Assert.Throws<CacheFullException>(() => sequence.Reserve(available + 1));
            Assert.Equal(available, fixture.Cache.Available);
            sequence.Reserve(available);
            Assert.Equal(0, fixture.Cache.Available);
        }

        Assert.Equal(long.MaxValue, probe.Cache.Available);
    }

    [Fact]
    public void A_sequence_brings_one_segment_to_a_batch_and_all_lie_in_one_cache()
    {
        using var fixture = new CacheFixture();
        using var other = new CacheFixture();
        using var sequence = fixture.Cache.CreateSequence();
        using var foreign = other.Cache.CreateSequence();
        Assert.Throws<ArgumentException>(() =>
            TokenPlacement.Reserve(
                [new Segment(sequence, 1), new Segment(sequence, 1)],
                new int[2],
                new int[2]
            )
        );
        Assert.Throws<ArgumentException>(() =>
            TokenPlacement.Reserve(
                [new Segment(sequence, 1), new Segment(foreign, 1)],
                new int[2],
                new int[2]
            )
        );
        Assert.Equal(0, sequence.TailLength);
    }

    private static KvPolicyChain Chain(KvEffects effects) =>
        effects == KvEffects.None
            ? KvPolicyChain.Dense
            : new KvPolicyChain([new PassivePolicy(effects)], KvNeeds.None);

    // From the definition: blocks of each lane that are lacking, and a copy for all but one of the writers of a shared one.
    private static bool Fits(KvCache cache, Segment[] segments)
    {
        var needed = new int[cache.Memory.Pools.Length];
        for (var lane = 0; lane < cache.Layout.Lanes.Length; lane++)
        {
            var writers = new Dictionary<int, int>();
            var pool = cache.Layout.Lanes[lane].Pool;
            foreach (var segment in segments.Where(segment => segment.Tokens > 0))
            {
                var table = segment.Sequence.Lanes[lane].Table;
                var free = 0;
                if (table.Count > 0 && table[table.Count - 1].Valid >> 31 == 0)
                {
                    var block = table[table.Count - 1].Block;
                    free = KvPageRef.Slots - segment.Sequence.LogicalLength % KvPageRef.Slots;
                    writers[block] = writers.GetValueOrDefault(block) + 1;
                }

                needed[pool] += KvCache.BlocksFor(Math.Max(0, segment.Tokens - free));
            }

            needed[pool] += writers.Sum(pair =>
                Math.Min(pair.Value, cache.Memory.Pools[pool].References(pair.Key) - 1)
            );
        }

        var bytes = 0L;
        for (var pool = 0; pool < needed.Length; pool++)
        {
            var owner = cache.Memory.Pools[pool];
            var missing = Math.Max(0, needed[pool] - owner.Free);
            var slabs = (missing + owner.SlabBlocks - 1) / owner.SlabBlocks;
            bytes += (long)slabs * owner.SlabBlocks * owner.BlockBytes;
        }

        return bytes <= cache.MemoryLimit - cache.ReservedBytes;
    }

    private static void Commit(
        CacheFixture fixture,
        List<(KvSequence Sequence, SequenceModel Model)> members,
        Segment[] segments,
        ref int token
    )
    {
        for (var index = 0; index < segments.Length; index++)
        {
            var (sequence, model) = members[index];
            var tokens = Enumerable.Range(token, segments[index].Tokens).ToArray();
            token += tokens.Length;
            fixture.Write(sequence, 0, tokens);
            sequence.Commit(tokens);
            foreach (var id in tokens)
            {
                model.Tail.Add((model.NextPosition, id));
            }

            model.Commit(tokens.Length);
        }
    }

    private static void Drop(Random random, List<(KvSequence Sequence, SequenceModel Model)> family)
    {
        var index = random.Next(family.Count);
        family[index].Sequence.Dispose();
        family.RemoveAt(index);
    }
}

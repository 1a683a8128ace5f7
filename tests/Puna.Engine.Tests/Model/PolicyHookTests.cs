using Puna.Engine.Cache;
using Puna.Engine.Decoding;
using Puna.Engine.Execution;
using Puna.Engine.Runtime;
using Puna.Engine.Tests.Cache;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>Every hook of a policy is called by real passes, with what it was promised.</summary>
public sealed class PolicyHookTests
{
    private static readonly int[] s_producers = [0, 1, 1, 1];

    [Fact]
    public void A_prompt_in_chunks_and_two_rounds_call_every_hook_in_order()
    {
        var policy = new RecordingPolicy();
        using var model = Harness(policy);
        using var sequence = model.Cache.CreateSequence();
        Run(model, sequence, [.. Enumerable.Range(1, 30)]);
        Assert.Equal([.. Attends(30, 0), "append 0 0-1 at 30", "commit 30 at 30"], policy.Events);
        policy.Events.Clear();
        Run(model, sequence, [41, 42, 43], endsPrompt: true);
        Assert.Equal(
            [
                .. Attends(3, 30),
                "append 0 0-2 at 33",
                "seal 0 0",
                "commit 3 at 33",
                "prefill 0: 8 from 25 of layers 0",
                "prefill 1: 8 from 25 of layers 1,2,3",
            ],
            policy.Events
        );
        policy.Events.Clear();
        Run(model, sequence, [50]);
        sequence.EndRound();
        Assert.Equal(
            [.. Attends(1, 33), "append 0 1-2 at 34", "commit 1 at 34", "round 34"],
            policy.Events
        );
        policy.Events.Clear();
        Assert.Equal(20, sequence.Truncate(20));
        Assert.Equal(["truncate 20"], policy.Events);
        Assert.Equal(Enumerable.Range(1, 20), policy.Remembered(sequence));
    }

    [Fact]
    public void The_observed_queries_are_those_of_one_pass_whatever_the_chunks()
    {
        var (whole, chunked) = (new RecordingPolicy(), new RecordingPolicy());
        int[] ids = [.. Enumerable.Range(1, 45)];
        using var one = Harness(whole);
        using var many = Harness(chunked);
        using var first = one.Cache.CreateSequence();
        using var second = many.Cache.CreateSequence();
        Run(one, first, ids, endsPrompt: true);
        foreach (var (start, count) in ((int, int)[])[(0, 20), (20, 20), (40, 4)])
        {
            Run(many, second, ids[start..(start + count)]);
        }

        // A draft that was refused leaves nothing behind.
        many.Forward.Run([200, 201, 202], [new Segment(second, 3)]);
        second.Truncate(44);
        Run(many, second, ids[44..], endsPrompt: true);
        Assert.Equal(4, whole.Queries.Count);
        for (var layer = 0; layer < 4; layer++)
        {
            Assert.Equal(8 * 64, whole.Queries[layer].Length);
            Assert.True(
                ModelHarness.RelativeError(chunked.Queries[layer], whole.Queries[layer])
                    <= Tolerance.Chunking
            );
        }
    }

    [Fact]
    public void Queries_are_handed_over_in_blocks_and_the_logits_are_the_same()
    {
        var policy = new RecordingPolicy(queryBlock: 16);
        using var model = Harness(policy);
        using var dense = new ModelHarness(
            SharedData.Path("tiny", "llama-gqa"),
            producers: s_producers
        );
        using var sequence = model.Cache.CreateSequence();
        int[] ids = [.. Enumerable.Range(1, 40)];
        Run(model, sequence, ids);
        Assert.Equal(
            [
                "attend 0 over 0: 16 from 0",
                "attend 0 over 0: 16 from 16",
                "attend 0 over 0: 8 from 32",
            ],
            policy.Events.Take(3)
        );
        var actual = model.TailLogits(40);
        var expected = dense.Logits(ids);
        for (var row = 0; row < 40; row++)
        {
            Assert.Equal(expected[row], actual[row]);
        }
    }

    [Fact]
    public void A_prefix_and_a_snapshot_are_told_as_adopted_and_bring_what_was_remembered()
    {
        var policy = new RecordingPolicy(needs: KvNeeds.None);
        using var fixture = new CacheFixture(policies: new KvPolicyChain([policy], KvNeeds.None));
        using var tree = new PrefixTree(fixture.Cache);
        using var sequence = fixture.Filled(0, 70);
        int[] tokens = [.. Enumerable.Range(0, 70)];
        tree.Publish(CacheFixture.Identity, tokens, sequence);
        policy.Events.Clear();
        using var found = tree.Lookup(CacheFixture.Identity, tokens);
        string[] adopted = ["append 0 0-2 adopted at 64", "seal 0 0 adopted", "seal 0 1 adopted"];
        Assert.Equal(adopted, policy.Events);
        policy.Events.Clear();
        using var stream = new MemoryStream();
        KvSnapshot.Save(sequence, tokens, stream, CacheFixture.Identity);
        stream.Position = 0;
        using var restored = KvSnapshot.Load(fixture.Cache, stream, CacheFixture.Identity).Sequence;
        Assert.Equal(["append 0 0-3 adopted at 70", .. adopted[1..]], policy.Events);
        Assert.Equal(tokens, policy.Remembered(restored));
        using var fork = restored.Fork();
        fork.Truncate(10);
        Assert.Equal(10, policy.Remembered(fork).Count);
        Assert.Equal(70, policy.Remembered(restored).Count);
    }

    [Fact]
    public void A_full_cache_asks_the_prefix_tree_first_and_then_the_policies()
    {
        var policy = new RecordingPolicy(needs: KvNeeds.None);
        using var probe = new CacheFixture();
        using var fixture = new CacheFixture(
            memoryLimit: 4 * probe.Cache.BlockBytes,
            policies: new KvPolicyChain([policy], KvNeeds.None)
        );
        using var tree = new PrefixTree(fixture.Cache);
        using (var cached = fixture.Filled(500, 32))
        {
            tree.Publish(CacheFixture.Identity, [.. Enumerable.Range(500, 32)], cached);
        }

        using var sequence = fixture.Filled(0, 96);
        policy.Events.Clear();
        using var other = fixture.Cache.CreateSequence();
        fixture.Append(other, 7);
        Assert.Equal(0, tree.Stats.Blocks);
        Assert.Equal(96, sequence.Lanes[0].PhysicalLength);
        using var third = fixture.Cache.CreateSequence();
        fixture.Append(third, 8);
        Assert.Equal([$"evict 96 for {probe.Cache.BlockBytes}"], policy.Events);
        Assert.Equal((96, 64), (sequence.LogicalLength, sequence.Lanes[0].PhysicalLength));
        Assert.Equal([(0, 8)], fixture.Read(third));
    }

    [Fact]
    public void A_write_gives_the_writer_a_block_of_its_own()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 40);
        using var fork = sequence.Fork();
        var before = fixture.Read(fork);
        var entry = sequence.Lanes[0][0];
        Assert.True(entry.IsShared);
        Assert.Equal((7, 32), (entry.Position(7), entry.Count));
        var key = new float[8];
        entry.WriteKey(1, 7, [1, 2, 3, 4, 5, 6, 7, 8]);
        entry.WriteValue(1, 7, [8, 7, 6, 5, 4, 3, 2, 1]);
        entry.WritePosition(7, 3);
        Assert.False(entry.IsShared);
        entry.ReadKey(1, 7, key);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8], key);
        entry.ReadValue(1, 7, key);
        Assert.Equal([8, 7, 6, 5, 4, 3, 2, 1], key);
        Assert.Equal(3, entry.Position(7));
        Assert.Equal(before, fixture.Read(fork));
    }

    [Fact]
    public void The_engine_and_its_decoder_call_the_hooks_of_the_policies_they_are_given()
    {
        var policy = new RecordingPolicy(needs: KvNeeds.ObservedQueries);
        using var engine = InferenceEngine.Load(
            SharedData.Path("tiny", "llama-gqa"),
            new InferenceOptions
            {
                Threads = 1,
                Policies = new KvPolicyChain([policy], KvNeeds.ObservedQueries),
            }
        );
        using var sequence = new Sequence(engine);
        var result = new Generator(sequence, null).Run(
            [1, 2, 3, 4, 5],
            new GenerationOptions
            {
                MaximumTokens = 3,
                IgnoreEnd = true,
                PromptChunk = 2,
            }
        );
        Assert.Equal(
            [
                "append 0 0-1 at 2",
                "commit 2 at 2",
                "append 0 0-1 at 4",
                "commit 2 at 4",
                "append 0 0-1 at 5",
                "commit 1 at 5",
                .. Enumerable
                    .Range(0, 4)
                    .Select(bank => $"prefill {bank}: 5 from 0 of layers {bank}"),
                "round 5",
                "append 0 0-1 at 6",
                "commit 1 at 6",
                "round 6",
                "append 0 0-1 at 7",
                "commit 1 at 7",
                "round 7",
            ],
            policy.Events.Where(name => !name.StartsWith("attend", StringComparison.Ordinal))
        );
        Assert.Equal([1, 2, 3, 4, 5, .. result.Ids.Take(2)], policy.Remembered(sequence.Kv));
    }

    private static ModelHarness Harness(RecordingPolicy policy) =>
        new(
            SharedData.Path("tiny", "llama-gqa"),
            producers: s_producers,
            policies: new KvPolicyChain([policy], KvNeeds.ObservedQueries | KvNeeds.TokenNll)
        );

    private static void Run(
        ModelHarness model,
        KvSequence sequence,
        int[] ids,
        bool endsPrompt = false
    )
    {
        model.Forward.Run(ids, [new Segment(sequence, ids.Length, EndsPrompt: endsPrompt)]);
        sequence.Commit(ids, new float[ids.Length]);
    }

    private static IEnumerable<string> Attends(int tokens, int from) =>
        s_producers.Select((bank, layer) => $"attend {layer} over {bank}: {tokens} from {from}");
}

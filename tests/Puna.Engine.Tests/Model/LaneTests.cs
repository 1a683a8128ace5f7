using Puna.Engine.Cache;
using Puna.Engine.Execution;
using Puna.Engine.Tests.Cache;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>Lanes under real passes: heads that hold different slots, banks that a window passes, tokens put in between.</summary>
public sealed class LaneTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Heads_that_dropped_slots_equal_heads_that_do_not_look_at_them(bool pack)
    {
        int[] ids = [.. Enumerable.Range(1, 100)];
        int[] parents = [-1, 0, 0, 1];
        using var masked = Harness("llama-gqa", new MaskPolicy());
        using var dropped = Harness("llama-gqa", new PassivePolicy(KvEffects.PerHead));
        using var first = masked.Cache.CreateSequence();
        using var second = dropped.Cache.CreateSequence();
        MaskPolicy.On = false;
        masked.Step(first, ids);
        dropped.Step(second, ids);
        MaskPolicy.On = true;
        Assert.Equal(8, second.Lanes.Length);
        foreach (var lane in second.Lanes)
        {
            var slots = new uint[lane.Count];
            for (var entry = 0; entry < slots.Length; entry++)
            {
                slots[entry] = ~MaskPolicy.Kept(lane.Cells[0].Bank, lane.Cells[0].Head, entry);
            }

            lane.Drop(slots);
            if (pack)
            {
                lane.Pack();
            }
        }

        Assert.NotEqual(second.Lanes[0].PhysicalLength, second.Lanes[1].PhysicalLength);
        Equal(masked.Step(first, [150])[0], dropped.Step(second, [150])[0]);
        masked.Forward.Run([151, 152, 153, 154], [new Segment(first, 4, parents)]);
        dropped.Forward.Run([151, 152, 153, 154], [new Segment(second, 4, parents)]);
        var (expected, actual) = (masked.TailLogits(4), dropped.TailLogits(4));
        for (var node = 0; node < 4; node++)
        {
            Equal(expected[node], actual[node]);
        }

        first.Compact([0, 1, 3]);
        second.Compact([0, 1, 3]);
        first.Commit([151, 152, 154]);
        second.Commit([151, 152, 154]);
        Equal(masked.Step(first, [160])[0], dropped.Step(second, [160])[0]);
        Assert.Equal(105, second.LogicalLength);
    }

    [Fact]
    public void A_per_head_cache_that_drops_nothing_equals_the_uniform_one_to_the_bit()
    {
        int[] ids = [.. Enumerable.Range(1, 90)];
        using var uniform = Harness("llama-gqa", null);
        using var split = Harness("llama-gqa", new PassivePolicy(KvEffects.PerHead));
        var (expected, actual) = (uniform.Logits(ids, 50, 1), split.Logits(ids, 50, 1));
        for (var row = 0; row < ids.Length; row++)
        {
            Assert.Equal(expected[row], actual[row]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(77)]
    public void A_windowed_model_gives_blocks_up_and_keeps_every_bit(int chunk)
    {
        // The window is 16.
        var random = new Random(5);
        using var ring = Harness("mistral-window", null);
        using var whole = Harness("mistral-window", new PassivePolicy(KvEffects.DropsSlots));
        int[] ids = [.. Enumerable.Range(0, 900).Select(_ => random.Next(ring.Vocabulary))];
        using var first = ring.Cache.CreateSequence();
        using var second = whole.Cache.CreateSequence();
        foreach (var piece in ids.Chunk(chunk))
        {
            var (actual, expected) = (ring.Step(first, piece), whole.Step(second, piece));
            for (var row = 0; row < piece.Length; row++)
            {
                Assert.Equal(expected[row], actual[row]);
            }
        }

        Assert.Equal((900, 900), (first.LogicalLength, second.Lanes[0].PhysicalLength));
        Assert.Equal((512, 388), (first.Lanes[0].FirstPosition, first.Lanes[0].PhysicalLength));
        Assert.Equal(13, ring.Cache.LiveBlocks);
        Assert.Equal(890, first.Truncate(890));
        second.Truncate(890);
        Assert.Equal(whole.Step(second, ids[890..])[9], ring.Step(first, ids[890..])[9]);
        Assert.Throws<InvalidOperationException>(() => first.Insert(520, 3));
        Assert.Equal(527, first.Truncate(527));
        Assert.Equal(0, first.Truncate(526));
        Assert.Equal(0, ring.Cache.LiveBlocks);
        Assert.Equal(whole.Logits(ids[..40])[^1], ring.Step(first, ids[..40])[^1]);
    }

    [Fact]
    public void A_windowed_prefix_is_shared_as_far_as_its_window_reaches()
    {
        var random = new Random(6);
        var identity = CacheFixture.Identity;
        using var model = Harness("mistral-window", null);
        int[] ids = [.. Enumerable.Range(0, 640).Select(_ => random.Next(model.Vocabulary))];
        using var tree = new PrefixTree(model.Cache);
        using var sequence = model.Cache.CreateSequence();
        var expected = model.Logits(ids);
        foreach (var piece in ids.Chunk(100))
        {
            model.Step(sequence, piece);
        }

        Assert.Equal(256, sequence.Lanes[0].FirstPosition);
        Assert.Equal(640, tree.Publish(identity, ids, sequence));
        using (var found = tree.Lookup(identity, ids))
        {
            Assert.Equal((639, 512), (found.LogicalLength, found.Lanes[0].FirstPosition));
            Assert.Equal(expected[639], model.Step(found, ids[639..])[0]);
        }

        // What begins before the blocks that are left has to be run.
        using var early = tree.Lookup(identity, ids.AsSpan(0, 200));
        Assert.Equal(0, early.LogicalLength);
        model.Step(early, ids[..200]);
        tree.Publish(identity, ids.AsSpan(0, 200), early);
        using var again = tree.Lookup(identity, ids.AsSpan(0, 200));
        Assert.Equal(192, again.LogicalLength);
        Assert.Equal(expected[199], model.Step(again, ids[192..200])[7]);
    }

    public static TheoryData<string> Names => ReferenceCases.TinyModels(ReferenceCases.HasNoWindow);

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("reference", "tiny")]
    public void Tokens_put_in_between_see_what_lies_before_them_and_those_behind_see_them(
        string name
    )
    {
        int[] ids = [.. Enumerable.Range(1, 60)];
        using var model = Harness(name, null);
        using var sequence = model.Cache.CreateSequence();
        model.Step(sequence, ids);
        sequence.Insert(20, 3);
        var inserted = model.Step(sequence, [201, 202, 203]);
        var expected = model.Logits([.. ids[..20], 201, 202, 203]);
        for (var row = 0; row < 3; row++)
        {
            Assert.True(
                ModelHarness.RelativeError(inserted[row], expected[20 + row]) <= Tolerance.Chunking
            );
        }

        var with = model.Step(sequence, [210])[0];
        Assert.Equal((64, 64), (sequence.LogicalLength, sequence.Lanes[0].PhysicalLength));
        Assert.True(
            ModelHarness.RelativeError(with, model.Logits([.. ids, 210])[^1]) > Tolerance.Chunking
        );
    }

    private static ModelHarness Harness(string name, IKvPolicy? policy) =>
        new(
            SharedData.Path("tiny", name),
            policies: policy is null ? null : new KvPolicyChain([policy], KvNeeds.None)
        );

    private static void Equal(float[] expected, float[] actual) =>
        Assert.True(ModelHarness.RelativeError(actual, expected) <= Tolerance.Chunking);

    /// <summary>Hides other slots from each head of each bank, and drops none.</summary>
    private sealed class MaskPolicy : IKvPolicy
    {
        [ThreadStatic]
        private static bool s_on;

        public static bool On
        {
            set => s_on = value;
        }

        public string Name => "mask";

        public string Fingerprint => Name;

        public KvNeeds Needs => KvNeeds.None;

        public KvEffects Effects => KvEffects.SelectsOnly;

        // Of the first 96 tokens: whole pages of some heads, a pattern of the others'.
        public static uint Kept(int bank, int head, int entry) =>
            entry >= 3 ? uint.MaxValue
            : (bank + head + entry) % 3 == 0 ? 0
            : 0x9E3779B9u * (uint)(1 + bank * 7 + head * 3 + entry);

        public void BeforeAttend(KvSequence sequence, ref KvAttendPlan plan)
        {
            for (var head = 0; s_on && head < plan.KvHeads; head++)
            {
                var slots = new uint[plan.Pages(head).Length];
                for (var entry = 0; entry < slots.Length; entry++)
                {
                    slots[entry] = Kept(plan.Bank, head, entry);
                }

                plan.Keep(head, slots);
            }
        }
    }
}

using Puna.Engine.Cache;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>The forward pass lets the policies of a cache choose the pages, and follows moved pages.</summary>
public sealed class PolicyTests
{
    [Fact]
    public void A_policy_that_selects_pages_equals_a_cache_without_the_others()
    {
        int[] committed = [.. Enumerable.Range(1, 64)];
        var chain = new KvPolicyChain([new WithoutFirstPage()], KvNeeds.None);
        using var selecting = new ModelHarness(
            SharedData.Path("tiny", "llama-gqa"),
            policies: chain
        );
        using var dropping = new ModelHarness(SharedData.Path("tiny", "llama-gqa"));
        using var selected = selecting.Cache.CreateSequence();
        using var dropped = dropping.Cache.CreateSequence();
        WithoutFirstPage.On = false;
        selecting.Step(selected, committed);
        dropping.Step(dropped, committed);
        WithoutFirstPage.On = true;
        dropped.Drop(0, 32);

        var actual = selecting.Step(selected, [100])[0];

        var expected = dropping.Step(dropped, [100])[0];
        Assert.True(ModelHarness.RelativeError(actual, expected) <= Tolerance.Chunking);
        Assert.True(
            ModelHarness.RelativeError(actual, dropping.Logits([.. committed, 100])[^1])
                > Tolerance.Chunking
        );
    }

    public static TheoryData<string> Names => ReferenceCases.TinyModels(ReferenceCases.HasNoWindow);

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("reference", "tiny")]
    public void A_sequence_that_moved_as_a_whole_gives_the_same_logits(string name)
    {
        int[] committed = [.. Enumerable.Range(1, 70)];
        using var model = new ModelHarness(SharedData.Path("tiny", name));
        using var sequence = model.Cache.CreateSequence();
        model.Step(sequence, committed);
        sequence.Shift(0, 70, 57);

        var actual = model.Step(sequence, [100, 101]);

        var expected = model.Logits([.. committed, 100, 101]);
        Assert.True(ModelHarness.RelativeError(actual[0], expected[70]) <= Tolerance.Logits);
        Assert.True(ModelHarness.RelativeError(actual[1], expected[71]) <= Tolerance.Logits);
    }

    private sealed class WithoutFirstPage : IKvPolicy
    {
        [ThreadStatic]
        private static bool s_on;

        public static bool On
        {
            set => s_on = value;
        }

        public string Name => "without-first-page";

        public string Fingerprint => Name;

        public KvNeeds Needs => KvNeeds.None;

        public KvEffects Effects => KvEffects.SelectsOnly;

        public void BeforeAttend(KvSequence sequence, ref KvAttendPlan plan)
        {
            if (!s_on)
            {
                return;
            }

            for (var head = 0; head < plan.KvHeads; head++)
            {
                var slots = new uint[plan.Pages(head).Length];
                slots.AsSpan(1).Fill(uint.MaxValue);
                plan.Keep(head, slots);
            }
        }
    }
}

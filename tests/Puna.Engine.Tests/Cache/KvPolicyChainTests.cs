using System.Numerics;
using Puna.Engine.Cache;
using Puna.Kernels.Attention;

namespace Puna.Engine.Tests.Cache;

public sealed class KvPolicyChainTests
{
    [Fact]
    public void Hooks_see_committed_tokens_only_and_each_page_is_sealed_once()
    {
        var log = new LoggingPolicy("log", KvNeeds.TokenNll, KvEffects.None);
        using var fixture = new CacheFixture(
            policies: new KvPolicyChain([log], KvNeeds.TokenNll | KvNeeds.AllKeys)
        );
        using var sequence = fixture.Cache.CreateSequence();
        fixture.Append(sequence, [.. Enumerable.Range(0, 40)]);
        Assert.Empty(log.Events);
        sequence.Truncate(0);
        Assert.Empty(log.Events);
        fixture.Append(sequence, [.. Enumerable.Range(0, 40)]);
        sequence.Commit([.. Enumerable.Range(0, 33)], new float[33]);
        Assert.Equal(["append 0-2 33", "seal 0", "commit 33 33"], log.Events);
        log.Events.Clear();
        fixture.Append(sequence, [.. Enumerable.Range(33, 31)]);
        sequence.Commit([.. Enumerable.Range(33, 31)], new float[31]);
        Assert.Equal(["append 1-2 64", "seal 1", "commit 31 31"], log.Events);
    }

    [Fact]
    public void A_policy_that_needs_losses_cannot_be_left_without()
    {
        var log = new LoggingPolicy("log", KvNeeds.TokenNll, KvEffects.None);
        using var fixture = new CacheFixture(policies: new KvPolicyChain([log], KvNeeds.TokenNll));
        using var sequence = fixture.Cache.CreateSequence();
        fixture.Append(sequence, 1, 2);
        Assert.Throws<ArgumentException>(() => sequence.Commit(new int[2]));
        Assert.Throws<ArgumentException>(() => sequence.Commit([1, 2], [0.5f]));
        Assert.Equal(2, sequence.TailLength);
        sequence.Commit([1, 2], [0.5f, 0.25f]);
        Assert.Equal(2, sequence.LogicalLength);
    }

    [Fact]
    public void A_selecting_stage_narrows_the_plan()
    {
        var first = new FirstPagePolicy();
        using var fixture = new CacheFixture(policies: new KvPolicyChain([first], KvNeeds.AllKeys));
        using var sequence = fixture.Filled(0, 70);
        var pages = new KvPageRef[2 * 3];
        int[] counts = [3, 3];
        var stride = sequence.Pages.List(0, pages);
        var plan = new KvAttendPlan(5, 0, default, default, pages, counts, stride, 0);
        fixture.Cache.Policies.BeforeAttend(sequence, ref plan);
        Assert.Equal([1, 1], counts);
        Assert.Equal(0, plan.Pages(1)[0].Positions[0]);
        Assert.Equal(31, BitOperations.PopCount(plan.Pages(1)[0].Valid));
        Assert.Equal(70, sequence.Lanes[0].PhysicalLength);
    }

    [Theory]
    [InlineData(
        KvNeeds.None,
        KvEffects.DropsSlots,
        KvNeeds.AllKeys,
        KvEffects.SelectsOnly,
        "needs every key"
    )]
    [InlineData(
        KvNeeds.AllKeys,
        KvEffects.SelectsOnly,
        KvNeeds.None,
        KvEffects.DropsSlots,
        "it drops keys"
    )]
    [InlineData(
        KvNeeds.None,
        KvEffects.LossyKeys,
        KvNeeds.None,
        KvEffects.MovesRaggedly,
        "re-quantise"
    )]
    [InlineData(
        KvNeeds.None,
        KvEffects.MovesRigidly,
        KvNeeds.None,
        KvEffects.MovesRaggedly,
        "different amounts"
    )]
    [InlineData(
        KvNeeds.None,
        KvEffects.MovesRaggedly,
        KvNeeds.None,
        KvEffects.MovesRigidly,
        "in runs"
    )]
    public void Stages_that_do_not_fit_are_refused_with_both_names_and_the_reason(
        object firstNeeds,
        object firstEffects,
        object secondNeeds,
        object secondEffects,
        string reason
    )
    {
        var first = new LoggingPolicy("first", (KvNeeds)firstNeeds, (KvEffects)firstEffects);
        var second = new LoggingPolicy("second", (KvNeeds)secondNeeds, (KvEffects)secondEffects);
        var fault = Assert.Throws<InputException>(() =>
            new KvPolicyChain([first, second], (KvNeeds)(-1))
        );
        Assert.StartsWith(
            "kv-policy: 'second' cannot follow 'first': ",
            fault.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_engine_does_not_give_or_keep_is_refused_at_once()
    {
        var needy = new LoggingPolicy("needy", KvNeeds.AttentionMass, KvEffects.None);
        var fault = Assert.Throws<InputException>(() =>
            new KvPolicyChain([needy], KvNeeds.TokenNll)
        );
        Assert.Contains("'needy' needs AttentionMass", fault.Message, StringComparison.Ordinal);
        var suffix = new LoggingPolicy("suffix", KvNeeds.None, KvEffects.DependsOnSuffix);
        using var fixture = new CacheFixture(policies: new KvPolicyChain([suffix], KvNeeds.None));
        Assert.Throws<InputException>(() => new PrefixTree(fixture.Cache));
    }

    [Fact]
    public void A_chain_is_named_after_its_stages()
    {
        var chain = new KvPolicyChain(
            [
                new LoggingPolicy("one", KvNeeds.None, KvEffects.LossyKeys),
                new LoggingPolicy("two", KvNeeds.None, KvEffects.LossyValues),
            ],
            KvNeeds.None
        );
        Assert.Equal(("one+two", "one:1+two:1"), (chain.Name, chain.Fingerprint));
        Assert.Equal(KvEffects.LossyKeys | KvEffects.LossyValues, chain.Effects);
        Assert.Equal(
            ("dense", "dense"),
            (KvPolicyChain.Dense.Name, KvPolicyChain.Dense.Fingerprint)
        );
    }

    private sealed class LoggingPolicy(string name, KvNeeds needs, KvEffects effects) : IKvPolicy
    {
        public List<string> Events { get; } = [];

        public string Name => name;

        public string Fingerprint => $"{name}:1";

        public KvNeeds Needs => needs;

        public KvEffects Effects => effects;

        public void OnAppend(
            KvSequence sequence,
            KvLane lane,
            int firstEntry,
            int endEntry,
            bool adopted
        )
        {
            Assert.Equal(0, sequence.TailLength);
            var verb = adopted ? "adopt" : "append";
            Events.Add($"{verb} {firstEntry}-{endEntry} {lane.PhysicalLength}");
        }

        public void OnSeal(KvSequence sequence, KvLane lane, int entry, bool adopted) =>
            Events.Add($"seal {entry}");

        public void OnCommit(
            KvSequence sequence,
            ReadOnlySpan<int> tokens,
            ReadOnlySpan<float> nll
        ) => Events.Add($"commit {tokens.Length} {nll.Length}");
    }

    private sealed class FirstPagePolicy : IKvPolicy
    {
        public string Name => "first-page";

        public string Fingerprint => "first-page";

        public KvNeeds Needs => KvNeeds.AllKeys;

        public KvEffects Effects => KvEffects.SelectsOnly;

        public void BeforeAttend(KvSequence sequence, ref KvAttendPlan plan)
        {
            Assert.Equal(5, plan.Layer);
            for (var head = 0; head < plan.KvHeads; head++)
            {
                var slots = new uint[plan.Pages(head).Length];
                slots[0] = ~1u;
                plan.Keep(head, slots);
            }
        }
    }
}

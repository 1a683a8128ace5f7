using Puna.Engine.Cache;
using Puna.Engine.Tests.Cache;
using Puna.Kernels.Attention;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>The forward pass over sealed blocks of 4 bits a number.</summary>
public sealed class SealedFormTests
{
    private static readonly int[] s_ids = [.. Enumerable.Range(1, 150)];

    [Theory]
    [InlineData("llama-gqa", null, KvEffects.None)]
    [InlineData("llama-gqa", null, KvEffects.PerHead)]
    [InlineData("llama-gqa", new[] { 0, 1, 1, 1 }, KvEffects.None)]
    [InlineData("mistral-window", null, KvEffects.None)]
    public void Logits_are_those_of_an_f32_cache_that_holds_the_widened_numbers(
        string name,
        int[]? producers,
        object effects
    )
    {
        var path = SharedData.Path("tiny", name);
        var policy = new SealingPolicy(4, effects: (KvEffects)effects);
        using var coded = Model(path, producers, policy);
        using var expected = Model(
            path,
            producers,
            new RoundingPolicy(policy.Format, (KvEffects)effects)
        );
        using var dense = Model(path, producers, null);
        foreach (
            var pieces in (int[][])
                [
                    [1],
                    [32],
                    [7, 25, 32],
                    [150],
                    [50, 1],
                    [33, 31, 1, 5],
                ]
        )
        {
            var logits = coded.Logits(s_ids, pieces);
            Assert.Equal(expected.Logits(s_ids, pieces), logits);
            if (pieces[0] != 150)
            {
                Assert.NotEqual(dense.Logits(s_ids, pieces), logits);
            }
        }

        Assert.Equal(expected.Greedy(s_ids, 40).Ids, coded.Greedy(s_ids, 40).Ids);
        Assert.Equal(0, coded.Cache.LiveBlocks);
    }

    [Fact]
    public void Any_chunking_that_seals_at_the_same_places_gives_the_same_logits()
    {
        using var model = Model(SharedData.Path("tiny", "llama-gqa"), null, new SealingPolicy(4));
        var whole = model.Logits(s_ids, 32);
        foreach (
            var pieces in (int[][])
                [
                    [1],
                    [16],
                    [7, 25, 1, 31, 32],
                    [4],
                ]
        )
        {
            var chunked = model.Logits(s_ids, pieces);
            for (var row = 0; row < s_ids.Length; row++)
            {
                var error = ModelHarness.RelativeError(chunked[row], whole[row]);
                Assert.InRange(error, 0, Tolerance.Chunking);
            }
        }
    }

    private static ModelHarness Model(string path, int[]? producers, IKvPolicy? policy) =>
        new(
            path,
            producers: producers,
            policies: policy is null ? null : new KvPolicyChain([policy], KvNeeds.None)
        );

    /// <summary>Rounds each full block in place, slot by slot.</summary>
    private sealed class RoundingPolicy(CodedPageFormat format, KvEffects effects) : IKvPolicy
    {
        public string Name => "rounding";

        public string Fingerprint => Name;

        public KvNeeds Needs => KvNeeds.None;

        public KvEffects Effects => effects | KvEffects.LossyKeys | KvEffects.LossyValues;

        public void OnSeal(KvSequence sequence, KvLane lane, int entry, bool adopted)
        {
            for (var cell = 0; cell < lane.Cells.Length; cell++)
            {
                var row = new float[lane.HeadDim(cell)];
                for (var slot = 0; slot < KvPageRef.Slots; slot++)
                {
                    lane[entry].ReadKey(cell, slot, row);
                    lane[entry].WriteKey(cell, slot, format.Round(row));
                    lane[entry].ReadValue(cell, slot, row);
                    lane[entry].WriteValue(cell, slot, format.Round(row));
                }
            }
        }
    }
}

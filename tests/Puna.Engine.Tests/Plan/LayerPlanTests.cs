using Puna.Engine.Plan;

namespace Puna.Engine.Tests.Plan;

public sealed class LayerPlanTests
{
    private static readonly ModelConfig s_config = new()
    {
        Family = "llama",
        HiddenSize = 64,
        IntermediateSize = 160,
        Layers = 4,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 16,
        VocabularySize = 256,
        ContextLength = 512,
        NormEpsilon = 1e-5f,
        TieEmbeddings = false,
    };

    [Fact]
    public void A_plain_model_has_a_bank_for_each_layer()
    {
        var plan = LayerPlan.FromConfig(s_config);
        Assert.Equal([0, 1, 2, 3], plan.Banks.Select(bank => bank.Producer));
        Assert.Empty(plan.Readers());
        Assert.True(plan.IsPlain);
    }

    [Fact]
    public void Readers_own_no_bank()
    {
        var plan = LayerPlan.FromConfig(s_config, [0, 1, 1, 1]);
        Assert.Equal([0, 1], plan.Banks.Select(bank => bank.Producer));
        Assert.Equal([0, 1, 1, 1], plan.Layers.Select(layer => layer.Attention!.Bank));
        Assert.Equal([(2, 1), (3, 1)], plan.Readers());
        Assert.False(plan.IsPlain);
    }

    [Theory]
    [InlineData(new[] { 1, 1, 2, 3 })]
    [InlineData(new[] { 0, 0, 1, 3 })]
    public void A_reader_must_follow_a_producer(int[] producers)
    {
        var failure = Assert.Throws<InputException>(() =>
            LayerPlan.FromConfig(s_config, producers)
        );
        Assert.Contains(
            "reads the keys and values of layer",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Heads_that_do_not_divide_are_refused()
    {
        var failure = Assert.Throws<InputException>(() =>
            LayerPlan.FromConfig(s_config with { KvHeads = 3 })
        );
        Assert.Contains("4 query heads", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_layer_that_does_not_rotate_cannot_read_rotated_keys() =>
        Assert.Throws<InputException>(() =>
            LayerPlan.FromConfig(s_config with { LayersWithoutRope = [3] }, [0, 1, 2, 2])
        );

    [Fact]
    public void A_layer_knows_its_own_number()
    {
        var plan = LayerPlan.FromConfig(s_config);
        var failure = Assert.Throws<InputException>(() =>
            LayerPlanValidator.Check(
                plan with
                {
                    Layers =
                    [
                        plan.Layers[0],
                        .. plan.Layers.Skip(1).Select(layer => layer with { Index = 1 }),
                    ],
                }
            )
        );
        Assert.Contains(
            "Layer 2 of the plan calls itself 1",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    // The rotary frequencies are those of the model's head width: the rest of a wider head would stay unrotated.
    [Fact]
    public void Heads_of_another_width_than_the_rotary_frequencies_are_refused()
    {
        var plan = LayerPlan.FromConfig(s_config);
        var wide = plan.Layers[0].Attention! with { HeadDim = 32 };
        var step = (ResidualStep)plan.Layers[0].Steps[0] with { Branch = wide };
        var failure = Assert.Throws<InputException>(() =>
            LayerPlanValidator.Check(
                plan with
                {
                    Banks = [plan.Banks[0] with { HeadDim = 32 }, .. plan.Banks.Skip(1)],
                    Layers =
                    [
                        plan.Layers[0] with
                        {
                            Steps = [step, plan.Layers[0].Steps[1]],
                        },
                        .. plan.Layers.Skip(1),
                    ],
                }
            )
        );
        Assert.Contains("rotates heads of 32", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_for_another_number_of_layers_is_refused() =>
        Assert.Contains(
            "the bank of 3 layers, but the model has 4",
            Assert.Throws<InputException>(() => LayerPlan.FromConfig(s_config, [0, 1, 1])).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Every_tensor_is_owned_once_and_readers_own_no_keys_and_values()
    {
        var plan = LayerPlan.FromConfig(s_config, [0, 1, 1, 1]);
        var names = plan.Parameters().Select(spec => spec.Name).ToList();
        Assert.Equal(names.Distinct(), names);
        Assert.Contains("model.layers.1.self_attn.k_proj.weight", names);
        Assert.DoesNotContain("model.layers.2.self_attn.k_proj.weight", names);
        Assert.Contains("model.layers.2.self_attn.q_proj.weight", names);
        Assert.Equal(plan.Parameters().Sum(spec => spec.Elements), PlanCost.Of(plan, 1).Parameters);
    }

    // Counted by hand for one layer: q 64x64, k and v 32x64, o 64x64, three MLP matrices of 160x64, two norms of 64.
    [Fact]
    public void Parameters_and_flops_are_exact()
    {
        const long Layer = 2 * 64 * 64 + 2 * 32 * 64 + 3 * 160 * 64 + 2 * 64;
        var cost = PlanCost.Of(LayerPlan.FromConfig(s_config), 100);
        Assert.Equal(4 * Layer, cost.LayerParameters);
        Assert.Equal(4 * Layer + 64 + 2 * 256 * 64, cost.Parameters);
        Assert.Equal(205376, cost.Parameters);
        Assert.Equal(4 * 2 * 2 * 16, cost.KvElementsPerToken);
        Assert.Equal(4 * 2 * 2 * 16 * 100, cost.KvReadElements);
        var expected = 2.0 * 4 * (Layer - 128) + 4 * 4 * 64 * 100 + 2.0 * 256 * 64;
        Assert.Equal(expected, cost.DecodeFlops);
    }

    [Fact]
    public void Sharing_cuts_storage_by_banks_but_not_reads()
    {
        var dense = PlanCost.Of(LayerPlan.FromConfig(s_config), 100);
        var shared = PlanCost.Of(LayerPlan.FromConfig(s_config, [0, 1, 1, 1]), 100);
        Assert.Equal(dense.KvElementsPerToken / 2, shared.KvElementsPerToken);
        Assert.Equal(dense.KvReadElements, shared.KvReadElements);
        Assert.Equal(dense.Parameters - 2 * 2 * 32 * 64, shared.Parameters);
    }

    [Fact]
    public void A_window_bounds_the_keys_that_are_read()
    {
        var mask = new AttentionMask(16);
        Assert.Equal(10, mask.KeysAt(9));
        Assert.Equal(16, mask.KeysAt(99));
        Assert.Equal(
            Enumerable.Range(0, 100).Average(position => (double)mask.KeysAt(position)),
            mask.MeanKeys(100),
            9
        );
        Assert.Equal(
            Enumerable.Range(0, 10).Average(position => (double)mask.KeysAt(position)),
            mask.MeanKeys(10),
            9
        );
    }
}

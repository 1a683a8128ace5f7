using Puna.Engine.Cache;
using Puna.Engine.Tests.Cache;
using Puna.Kernels.Attention;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>The forward pass over banks with formats of their own, some of which the kernel does not know.</summary>
public sealed class BankFormatTests
{
    private static string ModelPath => SharedData.Path("tiny", "llama-gqa");
    private static readonly int[] s_ids = [.. Enumerable.Range(1, 80)];

    [Fact]
    public void Banks_of_several_formats_give_the_bits_of_lists_made_for_each_layer()
    {
        using var shared = new ModelHarness(ModelPath, formatsOf: OfBank);
        // Policies narrow the list of their layer: with one, no layer shares the list of another.
        using var single = new ModelHarness(
            ModelPath,
            formatsOf: OfBank,
            policies: new KvPolicyChain([new IdlePolicy()], KvNeeds.None)
        );
        using var uniform = new ModelHarness(ModelPath);
        Assert.True(shared.Model.Plan.Banks.Count > 2);
        var expected = single.Logits(s_ids, 33, 1);
        Assert.Equal(expected, shared.Logits(s_ids, 33, 1));
        Assert.NotEqual(expected, uniform.Logits(s_ids, 33, 1));

        static KvFormatPair OfBank(int bank) =>
            bank % 3 == 1
                ? new(KvPageFormats.F32, KvPageFormats.Int8)
                : new(KvPageFormats.F16, KvPageFormats.F32);
    }

    [Fact]
    public void A_format_that_the_kernel_does_not_know_gives_the_bits_of_its_numbers_as_f32()
    {
        var own = new WrappedFormat(KvPageFormats.F32, "own");
        using var expected = new ModelHarness(ModelPath);
        using var actual = new ModelHarness(ModelPath, formatsOf: _ => new(own, own));
        using var keys = new ModelHarness(ModelPath, formatsOf: _ => new(own, KvPageFormats.F32));
        var logits = expected.Logits(s_ids, 33, 1);
        Assert.Equal(logits, actual.Logits(s_ids, 33, 1));
        Assert.Equal(logits, keys.Logits(s_ids, 33, 1));
        Assert.Equal(expected.Greedy(s_ids, 20).Ids, actual.Greedy(s_ids, 20).Ids);
    }

    private sealed class IdlePolicy : IKvPolicy
    {
        public string Name => "idle";

        public string Fingerprint => Name;

        public KvNeeds Needs => KvNeeds.None;

        public KvEffects Effects => KvEffects.SelectsOnly;
    }
}

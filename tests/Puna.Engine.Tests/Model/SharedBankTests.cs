using Puna.Engine.Text;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>Plans in which layers read another layer's keys and values, against an independent float64 forward.</summary>
[Trait("reference", "shared-kv")]
[Trait("reference", "tiny")]
public sealed class SharedBankTests
{
    public static TheoryData<string, string> Plans => SharedPlans.All;

    [Theory]
    [MemberData(nameof(Plans))]
    public void Readers_of_a_shared_bank_give_the_recorded_logits(string name, string planName)
    {
        SharedPlans.SkipWhenAbsent(name);
        var (producers, nll) = SharedPlans.Read(name, planName);
        var oracle = new OracleFile(SharedData.Path("shared-kv", name, "expected.safetensors"));
        var ids = oracle.Ints("ids");
        var positions = oracle.Ints("positions");
        var logits = oracle.Floats($"{planName}.logits");
        using var model = new ModelHarness(SharedData.Path("tiny", name), producers: producers);

        var actual = model.Logits(ids, 40, 1);

        var vocabulary = model.Vocabulary;
        for (var index = 0; index < positions.Length; index++)
        {
            var error = ModelHarness.RelativeError(
                actual[positions[index]],
                logits.AsSpan(index * vocabulary, vocabulary)
            );
            Assert.True(
                error <= Tolerance.Logits,
                $"position {positions[index]}: relative error {error:E2}"
            );
        }

        Assert.Equal(nll, ModelHarness.MeanNll(actual, ids), Tolerance.NllPrinted * nll);
    }
}

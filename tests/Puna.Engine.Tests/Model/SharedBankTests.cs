using System.Text.Json;
using Puna.Engine.Text;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>Plans in which layers read another layer's keys and values, against an independent float64 forward.</summary>
public sealed class SharedBankTests
{
    public static TheoryData<string, string> Plans
    {
        get
        {
            var plans = new TheoryData<string, string>();
            foreach (var model in (string[])["llama-gqa", "llama-mha-tied"])
            {
                foreach (
                    var plan in (string[])
                        [
                            "echo-last-1",
                            "echo-last-2",
                            "echo-last-3",
                            "echo-fixed-source-1",
                            "cla-2",
                        ]
                )
                {
                    plans.Add(model, plan);
                }
            }

            return plans;
        }
    }

    [Theory]
    [MemberData(nameof(Plans))]
    public void Readers_of_a_shared_bank_give_the_recorded_logits(string name, string planName)
    {
        using var document = JsonDocument.Parse(
            File.ReadAllBytes(SharedData.Path("shared-kv", name, "expected.json"))
        );
        var plan = document.RootElement.GetProperty("plans").GetProperty(planName);
        var producers = plan.GetProperty("bank_of_layer")
            .EnumerateArray()
            .Select(id => id.GetInt32())
            .ToArray();
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

        var nll = plan.GetProperty("nll").GetDouble();
        Assert.Equal(nll, ModelHarness.MeanNll(actual, ids), Tolerance.NllPrinted * nll);
    }
}

using Puna.Engine.Files;
using Puna.Engine.Plan;
using Puna.Engine.Tests.Model;
using Puna.Testing;

namespace Puna.Engine.Tests.Files.Plans;

/// <summary>A model whose plan is not the one of its configuration is written, opened, inspected, costed and run.</summary>
public sealed class SharedPlanFileTests
{
    public static TheoryData<string, string> Plans => SharedPlans.All;

    [Theory]
    [MemberData(nameof(Plans))]
    [Trait("reference", "shared-kv")]
    [Trait("reference", "tiny")]
    public void A_written_plan_comes_back_and_gives_the_same_logits(string name, string planName)
    {
        SharedPlans.SkipWhenAbsent(name);
        var (producers, _) = SharedPlans.Read(name, planName);
        var source = SharedData.Path("tiny", name);
        using var folder = new TemporaryFolder();
        using (var input = ModelFiles.Open(source))
        {
            var plan = LayerPlan.FromConfig(input.Config, producers, planName);
            ModelConverter.Convert(input, plan, folder["model"], null);
        }

        using (var written = ModelFiles.Open(folder["model"]))
        {
            Assert.Equal(planName, written.Plan.Name);
            Assert.False(written.Plan.IsPlain);
            Assert.Equal(
                producers,
                written.Plan.Layers.Select(layer =>
                    written.Plan.Banks[layer.Attention!.Bank].Producer
                )
            );
            Assert.Equal(
                written.Plan.Parameters().Select(spec => spec.Name).Order(),
                written.Tensors.Select(tensor => tensor.Name).Order()
            );
            Assert.Equal(
                written.Plan.Parameters().Sum(spec => spec.Elements),
                PlanCost.Of(written.Plan, 10).Parameters
            );

            // From a folder to a folder, and to one file: the plan stays.
            ModelConverter.Convert(written, folder["copy"], null);
            ModelConverter.Convert(written, folder["single/weights.safetensors"], null);
        }

        int[] ids = [.. Enumerable.Range(1, 50)];
        using var dense = new ModelHarness(source, producers: producers);
        var expected = dense.Logits(ids, 40, 1);
        foreach (var path in (string[])["model", "copy", "single/weights.safetensors"])
        {
            using var model = new ModelHarness(folder[path]);
            Assert.Equal(planName, model.Model.Plan.Name);
            Assert.Equal(expected, model.Logits(ids, 40, 1));
        }
    }

    [Theory]
    [MemberData(nameof(Plans))]
    [Trait("reference", "shared-kv")]
    [Trait("reference", "tiny")]
    public void Gguf_refuses_a_shared_plan_by_name(string name, string planName)
    {
        SharedPlans.SkipWhenAbsent(name);
        var (producers, _) = SharedPlans.Read(name, planName);
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("tiny", name));
        var plan = LayerPlan.FromConfig(input.Config, producers, planName);
        var failure = Assert.Throws<InputException>(() =>
            ModelConverter.Convert(input, plan, folder["model.gguf"], null)
        );
        Assert.Contains($"'{planName}'", failure.Message, StringComparison.Ordinal);
        Assert.Contains(
            "reads the keys and values of layer",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.False(File.Exists(folder["model.gguf"]));
    }

    [Fact]
    public void Weights_that_lost_their_plan_are_noticed()
    {
        using var folder = new TemporaryFolder();
        var path = SharedData.Path("tiny", "llama-gqa");
        using (var input = ModelFiles.Open(path))
        {
            var plan = LayerPlan.FromConfig(input.Config, [0, 1, 1, 1], "mine");
            ModelConverter.Convert(input, plan, folder["shared"], null);
            ModelConverter.Convert(input, folder["plain"], null);
        }

        // Another program keeps config.json and writes weights without our metadata.
        File.Copy(
            folder["plain/model.safetensors"],
            folder["shared/model.safetensors"],
            overwrite: true
        );
        Assert.Contains(
            "names the plan 'mine', but the weights",
            Assert.Throws<InputException>(() => ModelFiles.Open(folder["shared"])).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_model_without_a_tensor_of_the_plan_is_refused()
    {
        using var folder = new TemporaryFolder();
        using (var input = ModelFiles.Open(SharedData.Path("tiny", "llama-gqa")))
        {
            var plan = LayerPlan.FromConfig(input.Config, [0, 1, 1, 1], "mine");
            ModelConverter.Convert(input, plan, folder["shared"], null);
        }

        using var shared = ModelFiles.Open(folder["shared"]);
        var failure = Assert.Throws<InputException>(() =>
            ModelConverter.Convert(
                shared,
                LayerPlan.FromConfig(shared.Config),
                folder["plain"],
                null
            )
        );
        Assert.Contains("self_attn.k_proj.weight", failure.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["plain"]));
    }
}

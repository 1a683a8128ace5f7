using System.Text.Json.Nodes;
using Puna.Engine.Files.Plans;
using Puna.Engine.Plan;

namespace Puna.Engine.Tests.Files.Plans;

public sealed class PlanTextTests
{
    private static readonly ModelConfig s_config = new()
    {
        Family = "qwen3",
        HiddenSize = 64,
        IntermediateSize = 160,
        Layers = 3,
        Heads = 4,
        KvHeads = 2,
        HeadDim = 16,
        VocabularySize = 256,
        ContextLength = 512,
        NormEpsilon = 1e-5f,
        TieEmbeddings = false,
        QueryKeyNorm = true,
        AttentionInputBias = true,
        SlidingWindow = 16,
        WindowedLayers = [0],
        AttentionMultiplier = 0.1f,
        PostNorm = true,
    };

    private static LayerPlan Plan => LayerPlan.FromConfig(s_config, [0, 1, 1], "half");

    [Fact]
    public void A_plan_survives_its_text()
    {
        var read = PlanText.Read("model", PlanText.Write(Plan), s_config);
        Assert.Equal("half", read.Name);
        Assert.Equal(Plan.Banks, read.Banks);
        Assert.Equal(Plan.Layers.Count, read.Layers.Count);
        for (var layer = 0; layer < read.Layers.Count; layer++)
        {
            Assert.Equal(Plan.Layers[layer].Index, read.Layers[layer].Index);
            Assert.Equal(Plan.Layers[layer].Steps, read.Layers[layer].Steps);
        }
    }

    public static TheoryData<string, string> Damages =>
        new()
        {
            { "$.version=2", "version 2" },
            { "$.version=x", "version" },
            { "$.name=", "a name of 0 characters" },
            { "$.banks=x", "a list of objects in the field 'banks'" },
            { "$.banks[0].producer=7", "makes later" },
            { "$.banks[1].producer=2", "makes later" },
            { "$.banks[0].heads=3", "which the 3 heads of its bank do not divide" },
            { "$.banks[0].heads=0", "both must be above 0" },
            { "$.banks[0].head_dim=2000000000", "together more than" },
            { "$.layers[2]=", "2 layers, its configuration 3" },
            { "$.layers[0].steps[0].kind=skip", "a step of the kind 'skip', which is not known" },
            {
                "$.layers[0].steps[0].branch.kind=attentoin",
                "a branch of the kind 'attentoin', which is not known; known are attention, swiglu"
            },
            { "$.layers[0].steps[0].branch=", "a residual step without a branch" },
            { "$.layers[0].steps[0].branch.bank=9", "reads bank 9; the plan has 2" },
            { "$.layers[0].steps[0].branch.bank=x", "an integer" },
            { "$.layers[1].steps[0].branch.head_dim=32", "heads of 32" },
            { "$.layers[1].steps[0].branch.heads=536870912", "query heads" },
            { "$.layers[2].steps[0].branch.rotary=false", "differ in whether they rotate" },
            { "$.layers[0].steps[0].branch.window=-1", "a window of -1" },
            { "$.layers[0].steps[0].branch.scale=x", "scale" },
            { "$.layers[0].steps[1].branch.width=0", "an MLP of width 0" },
            { "$.layers[0].steps[0].norm=../x", "names the module '../x'" },
            { "$.layers[0].steps[0].norm=post_attention_layernorm", "twice" },
        };

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_plan_that_does_not_fit_is_one_sentence(string damage, string part)
    {
        var text = Damaged(damage);
        var failure = Assert.Throws<InputException>(() => PlanText.Read("model", text, s_config));
        Assert.Contains(part, failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"version\":1,\"version\":1}")]
    [InlineData("nonsense")]
    public void What_is_no_plan_is_refused(string text) =>
        Assert.Throws<InputException>(() => PlanText.Read("model", text, s_config));

    private static string Damaged(string damage)
    {
        var equals = damage.IndexOf('=', StringComparison.Ordinal);
        var (path, value) = (damage[2..equals].Split('.'), damage[(equals + 1)..]);
        var root = JsonNode.Parse(PlanText.Write(Plan))!;
        var node = root;
        foreach (var part in path[..^1])
        {
            node = Step(node, part);
        }

        JsonNode? replaced =
            int.TryParse(value, out var number) ? number
            : bool.TryParse(value, out var flag) ? flag
            : value;
        var last = path[^1];
        if (last.EndsWith(']'))
        {
            var list = (JsonArray)node[last[..last.IndexOf('[', StringComparison.Ordinal)]]!;
            list.RemoveAt(list.Count - 1);
        }
        else if (value.Length == 0 && last != "name")
        {
            ((JsonObject)node).Remove(last);
        }
        else
        {
            node[last] = replaced;
        }

        return root.ToJsonString();
    }

    private static JsonNode Step(JsonNode node, string part)
    {
        var bracket = part.IndexOf('[', StringComparison.Ordinal);
        return bracket < 0
            ? node[part]!
            : node[part[..bracket]]![int.Parse(part[(bracket + 1)..^1])]!;
    }
}

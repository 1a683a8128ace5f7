using Puna.Engine.Files;
using Puna.Engine.Text;
using Puna.Kernels.Activations;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>stories260K in all its forms against an independent float64 reference.</summary>
public sealed class StoriesTests
{
    // The data's readme, which alone has these numbers: they belong to this one model.
    private const double Nll = 2.038695;
    private const double NllOfInt8Weights = 2.036547;

    private static readonly int[] s_greedyFromBos =
    [
        403,
        407,
        261,
        378,
        432,
        383,
        286,
        261,
        376,
        298,
        315,
        421,
        395,
        317,
        426,
        338,
        401,
        396,
        267,
        337,
        410,
        408,
        419,
        292,
        411,
        322,
        265,
        282,
        295,
        433,
        426,
        385,
        328,
        432,
        358,
        394,
        261,
        370,
        432,
        352,
        266,
        268,
        388,
        426,
        338,
        391,
        266,
        267,
        337,
        335,
        312,
        432,
        398,
        312,
        286,
        267,
        414,
        270,
        333,
        415,
        426,
        13,
        438,
        310,
    ];

    public static TheoryData<string> Forms => ["stories260K.bin", "stories260K.v1.bin", "hf"];

    public static TheoryData<string, string> Exact => Checkpoints.Exact;

    [Theory]
    [MemberData(nameof(Exact))]
    [Trait("reference", "weights")]
    public void Every_form_gives_the_recorded_logits(string name, string form)
    {
        using var model = new ModelHarness(SharedData.Path("weights", name, form));
        var oracle = new OracleFile(SharedData.Path("weights", name, "oracle-logits.safetensors"));
        var ids = oracle.Ints("token_ids");
        var expected = oracle.Floats("logits").Chunk(model.Vocabulary).ToArray();
        var actual = model.Logits(ids[..^1], 50, 29);
        Assert.Equal(expected.Length, actual.Length);
        for (var row = 0; row < actual.Length; row++)
        {
            var error = ModelHarness.RelativeError(actual[row], expected[row]);
            Assert.True(error <= Tolerance.Logits, $"row {row}: relative error {error:E2}");
        }

        Assert.Equal(
            ModelHarness.MeanNll(expected, ids),
            ModelHarness.MeanNll(actual, ids),
            Tolerance.NllPrinted
        );
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_form_gives_the_greedy_ids_and_nll_of_the_readme(string form)
    {
        using var model = new ModelHarness(SharedData.Path("weights", "stories260K", form));
        Assert.Equal(s_greedyFromBos, model.Greedy([1], 64).Ids);
        int[] prompt = [1, 403, 407, 261, 378];
        Assert.Equal([.. s_greedyFromBos[4..], 439, 419, 357, 336], model.Greedy(prompt, 64).Ids);
        Assert.Equal(Nll, SnippetNll(model), Tolerance.NllPrinted);
    }

    [Fact]
    public void The_int8_form_gives_its_own_recorded_nll()
    {
        using var model = new ModelHarness(
            SharedData.Path("weights", "stories260K", "stories260K-q8.bin")
        );
        Assert.Equal(NllOfInt8Weights, SnippetNll(model), Tolerance.NllPrinted);
        Assert.Equal(s_greedyFromBos, model.Greedy([1], 64).Ids);
    }

    [Fact]
    public void Default_arithmetic_keeps_the_nll_in_one_pass_and_token_by_token()
    {
        using var model = new ModelHarness(
            SharedData.Path("weights", "stories260K", "stories260K.bin"),
            ActivationFormat.Int8,
            Kernels.Attention.KvPageFormats.F16
        );
        Assert.Equal(Nll, SnippetNll(model), Tolerance.Int8Nll * Nll);
        Assert.Equal(Nll, SnippetNll(model, 1), Tolerance.Int8Nll * Nll);
    }

    private static double SnippetNll(ModelHarness model, params ReadOnlySpan<int> pieces)
    {
        var tokenizer = TokenizerFactory.Create(
            ModelFiles.LoadTokenizer(SharedData.Path("weights", "stories260K", "tok512.model"))
        );
        int[] ids =
        [
            1,
            .. tokenizer.Encode(File.ReadAllText(SharedData.Path("text", "snippet-nll.txt"))),
        ];
        Assert.Equal(349, ids.Length);
        return ModelHarness.MeanNll(model.Logits(ids, pieces), ids);
    }
}

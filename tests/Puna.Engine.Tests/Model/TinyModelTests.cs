using Puna.Engine.Files.Models;
using Puna.Engine.Text;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>The small random models of every family against transformers' float64 logits.</summary>
public sealed class TinyModelTests
{
    public static TheoryData<string> Names => ReferenceCases.TinyModels();

    public static TheoryData<string> GgufNames => ReferenceCases.GgufTwins();

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("reference", "tiny")]
    public void The_hugging_face_form_gives_the_recorded_logits_nll_and_greedy_ids(string name) =>
        Check(SharedData.Path("tiny", name), name);

    [Theory]
    [MemberData(nameof(GgufNames))]
    [Trait("reference", "tiny")]
    [Trait("reference", "tiny-gguf")]
    public void The_gguf_form_gives_the_recorded_logits_nll_and_greedy_ids(string name) =>
        Check(SharedData.Path("tiny-gguf", name + ".gguf"), name);

    private static void Check(string path, string name)
    {
        var oracle = new OracleFile(SharedData.Path("tiny", name, "oracle.safetensors"));
        using var document = ReferenceCases.Json("tiny", "expected.json");
        var expected = document
            .RootElement.EnumerateArray()
            .Single(entry => entry.GetProperty("name").GetString() == name);
        var ids = oracle.Ints("ids");
        var positions = oracle.Ints("positions");
        var logits = oracle.Floats("logits");
        using var model = new ModelHarness(path);

        var actual = model.Logits(ids);

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

        var nll = expected.GetProperty("nll").GetDouble();
        Assert.Equal(nll, ModelHarness.MeanNll(actual, ids), Tolerance.NllPrinted * nll);
        var greedy = expected
            .GetProperty("greedy")
            .EnumerateArray()
            .Select(id => id.GetInt32())
            .ToArray();
        var (generated, gaps) = model.Greedy(ids, greedy.Length);
        var comparable = Array.FindIndex(gaps, gap => gap < Tolerance.TellingGap);
        var length = comparable < 0 ? greedy.Length : comparable;
        Assert.Equal(greedy[..length], generated[..length]);
    }
}

using System.Text.Json;
using Puna.Engine.Files.Models;
using Puna.Engine.Text;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>The small random models of every family against transformers' float64 logits.</summary>
public sealed class TinyModelTests
{
    private const double SmallestTellingGap = 0.001;

    public static TheoryData<string> Names =>
        [
            "llama-gqa",
            "llama-mha-tied",
            "llama-mqa-headdim",
            "llama-bias",
            "llama-rope-linear",
            "llama-rope-llama3",
            "llama-rope-yarn",
            "llama-odd",
            "mistral-window",
            "qwen2",
            "qwen3",
            "smollm3",
            "granite",
            "hyperclovax",
        ];

    public static TheoryData<string> GgufNames =>
        [
            "granite",
            "llama-bias",
            "llama-gqa",
            "llama-rope-linear",
            "llama-rope-llama3",
            "llama-rope-yarn",
            "qwen3",
            "smollm3",
        ];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_hugging_face_form_gives_the_recorded_logits_nll_and_greedy_ids(string name) =>
        Check(SharedData.Path("tiny", name), name);

    [Theory]
    [MemberData(nameof(GgufNames))]
    public void The_gguf_form_gives_the_recorded_logits_nll_and_greedy_ids(string name) =>
        Check(SharedData.Path("tiny-gguf", name + ".gguf"), name);

    private static void Check(string path, string name)
    {
        var oracle = new OracleFile(SharedData.Path("tiny", name, "oracle.safetensors"));
        using var document = JsonDocument.Parse(
            File.ReadAllBytes(SharedData.Path("tiny", "expected.json"))
        );
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
        var comparable = Array.FindIndex(gaps, gap => gap < SmallestTellingGap);
        var length = comparable < 0 ? greedy.Length : comparable;
        Assert.Equal(greedy[..length], generated[..length]);
    }
}

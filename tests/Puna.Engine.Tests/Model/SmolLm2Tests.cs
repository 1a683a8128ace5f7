using System.Text.Json;
using Puna.Engine.Text;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>The default model against transformers over the same decoded weights.</summary>
[Trait("speed", "slow")]
public sealed class SmolLm2Tests
{
    private const double SmallestTellingGap = 0.01;

    private static string ModelPath =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Fact]
    public void Exact_arithmetic_gives_the_recorded_logits_and_greedy_ids()
    {
        var oracle = new OracleFile(
            SharedData.Path("weights", "smollm2-135m-instruct", "oracle-logits.safetensors")
        );
        using var model = new ModelHarness(ModelPath, threads: 2);
        var ids = oracle.Ints("ids");
        var positions = oracle.Ints("positions");
        var expected = oracle.Floats("logits");
        var actual = model.Logits(ids);
        for (var index = 0; index < positions.Length; index++)
        {
            var error = ModelHarness.RelativeError(
                actual[positions[index]],
                expected.AsSpan(index * model.Vocabulary, model.Vocabulary)
            );
            Assert.True(
                error <= Tolerance.Logits,
                $"position {positions[index]}: relative error {error:E2}"
            );
        }

        using var document = Oracle();
        foreach (var row in document.RootElement.GetProperty("greedy").EnumerateArray())
        {
            var prompt = Ids(row, "prompt_ids");
            var greedy = Ids(row, "greedy_ids");
            var (generated, gaps) = model.Greedy(prompt, greedy.Length);
            var close = Array.FindIndex(gaps, gap => gap < SmallestTellingGap);
            var length = close < 0 ? greedy.Length : close;
            Assert.Equal(greedy[..length], generated[..length]);
        }
    }

    [Theory]
    [InlineData(512)]
    [InlineData(1024)]
    [InlineData(2048)]
    public void Int8_activations_and_16_bit_cache_keep_the_nll_of_wikitext(int context)
    {
        using var model = new ModelHarness(
            ModelPath,
            ActivationFormat.Int8,
            KvPageFormats.F16,
            threads: 2
        );
        var (ids, expected) = WikiText(model, context);
        var sum = 0.0;
        for (var start = 0; start + context < ids.Length; start += context)
        {
            var logits = model.Logits(ids[start..(start + context)]);
            sum += Enumerable
                .Range(0, context)
                .Sum(row => ModelHarness.Nll(logits[row], ids[start + row + 1]));
        }

        Assert.Equal(expected, sum / (ids.Length - 1), Tolerance.Int8Nll * expected);
    }

    [Fact]
    public void Int8_activations_keep_the_nll_token_by_token()
    {
        using var exact = new ModelHarness(ModelPath, threads: 2);
        using var rounded = new ModelHarness(
            ModelPath,
            ActivationFormat.Int8,
            KvPageFormats.F16,
            threads: 2
        );
        var ids = WikiText(exact, 512).Ids[..257];
        var expected = ModelHarness.MeanNll(exact.Logits(ids), ids);
        var actual = ModelHarness.MeanNll(rounded.Logits(ids, 1), ids);
        Assert.Equal(expected, actual, Tolerance.Int8Nll * expected);
    }

    private static (int[] Ids, double Nll) WikiText(ModelHarness model, int context)
    {
        using var reader = new StreamReader(
            new MemoryStream(SharedData.Bytes("text", "wikitext2-test.txt.gz"))
        );
        var text = new char[60000];
        Assert.Equal(text.Length, reader.ReadBlock(text));
        var ids = model.Model.Tokenizer!.Encode(new string(text)).Take(8193).ToArray();
        Assert.Equal(8193, ids.Length);
        using var document = Oracle();
        var nll = document
            .RootElement.GetProperty("wikitext2")
            .GetProperty("nll")
            .GetProperty($"{context}")
            .GetProperty("mean_nll")
            .GetDouble();
        return (ids, nll);
    }

    private static JsonDocument Oracle() =>
        JsonDocument.Parse(
            File.ReadAllBytes(SharedData.Path("weights", "smollm2-135m-instruct", "oracle.json"))
        );

    private static int[] Ids(JsonElement row, string name) =>
        [.. row.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}

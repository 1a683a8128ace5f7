using System.Text.Json;
using System.Text.RegularExpressions;
using Puna.Engine.Text;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>The real models, the default one among them, against transformers over the same decoded weights.</summary>
[Trait("reference", "text")]
[Trait("reference", "weights")]
[Trait("speed", "slow")]
public sealed partial class SmolLm2Tests
{
    public static TheoryData<string> Models => OracleModels.All;

    public static TheoryData<string, int> Contexts
    {
        get
        {
            var cases = new TheoryData<string, int>();
            foreach (var name in OracleModels.Names)
            {
                using var oracle = Oracle(name);
                foreach (
                    var entry in oracle
                        .RootElement.GetProperty("wikitext2")
                        .GetProperty("nll")
                        .EnumerateObject()
                )
                {
                    cases.Add(name, int.Parse(entry.Name));
                }
            }

            if (cases.Count == 0)
            {
                cases.Add(ReferenceCases.None, 0);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Exact_arithmetic_gives_the_recorded_logits_and_greedy_ids(string name)
    {
        var oracle = new OracleFile(SharedData.Path("weights", name, "oracle-logits.safetensors"));
        using var model = new ModelHarness(OracleModels.PathOf(name), threads: 2);
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

        using var document = Oracle(name);
        foreach (var row in document.RootElement.GetProperty("greedy").EnumerateArray())
        {
            var prompt = Ids(row, "prompt_ids");
            var greedy = Ids(row, "greedy_ids");
            var (generated, gaps) = model.Greedy(prompt, greedy.Length);
            var close = Array.FindIndex(gaps, gap => gap < Tolerance.TellingGapOfRealModel);
            var length = close < 0 ? greedy.Length : close;
            Assert.Equal(greedy[..length], generated[..length]);
        }
    }

    [Theory]
    [MemberData(nameof(Contexts))]
    public void Int8_activations_and_16_bit_cache_keep_the_nll_of_wikitext(string name, int context)
    {
        using var model = new ModelHarness(
            OracleModels.PathOf(name),
            ActivationFormat.Int8,
            KvPageFormats.F16,
            threads: 2
        );
        var ids = WikiText(model, name);
        using var oracle = Oracle(name);
        var expected = oracle
            .RootElement.GetProperty("wikitext2")
            .GetProperty("nll")
            .GetProperty($"{context}")
            .GetProperty("mean_nll")
            .GetDouble();
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

    [Theory]
    [MemberData(nameof(Models))]
    public void Int8_activations_keep_the_nll_token_by_token(string name)
    {
        using var exact = new ModelHarness(OracleModels.PathOf(name), threads: 2);
        using var rounded = new ModelHarness(
            OracleModels.PathOf(name),
            ActivationFormat.Int8,
            KvPageFormats.F16,
            threads: 2
        );
        var ids = WikiText(exact, name)[..257];
        var expected = ModelHarness.MeanNll(exact.Logits(ids), ids);
        var actual = ModelHarness.MeanNll(rounded.Logits(ids, 1), ids);
        Assert.Equal(expected, actual, Tolerance.Int8Nll * expected);
    }

    /// <summary>The ids of the text that the oracle names: "characters 0..60000 of wikitext2-test", and how many.</summary>
    private static int[] WikiText(ModelHarness model, string name)
    {
        using var oracle = Oracle(name);
        var record = oracle.RootElement.GetProperty("wikitext2");
        var match = TextName().Match(record.GetProperty("text").GetString()!);
        using var reader = new StreamReader(
            new MemoryStream(SharedData.Bytes("text", match.Groups["name"].Value + ".txt.gz"))
        );
        var text = new char[int.Parse(match.Groups["end"].Value)];
        Assert.Equal(text.Length, reader.ReadBlock(text));
        var tokens = record.GetProperty("tokens").GetInt32();
        var ids = model.Model.Tokenizer!.Encode(new string(text)).Take(tokens).ToArray();
        Assert.Equal(tokens, ids.Length);
        return ids;
    }

    private static JsonDocument Oracle(string name) =>
        ReferenceCases.Json("weights", name, "oracle.json");

    [GeneratedRegex(
        @"^characters 0\.\.(?<end>\d+) of (?<name>\S+)$",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex TextName();

    private static int[] Ids(JsonElement row, string name) =>
        [.. row.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}

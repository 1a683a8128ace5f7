using System.Text.Json;
using Puna.Engine.Decoding;
using Puna.Testing;

namespace Puna.Engine.Tests.Decoding;

/// <summary>The chain against transformers' logits processors, recorded with their kept ids and probabilities.</summary>
[Trait("reference", "sampling")]
public sealed class RecordedFilterTests
{
    public static TheoryData<int> Cases
    {
        get
        {
            if (ReferenceCases.FileNames("sampling", "filters.json").Count == 0)
            {
                return [0];
            }

            using var file = ReferenceCases.Json("sampling", "filters.json");
            return [.. Enumerable.Range(0, file.RootElement.GetProperty("cases").GetArrayLength())];
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_chain_keeps_the_recorded_ids_with_the_recorded_probabilities(int index)
    {
        using var file = ReferenceCases.Json("sampling", "filters.json");
        var record = file.RootElement.GetProperty("cases")[index];
        var logits = Floats(record, "logits");
        var history = record.GetProperty("history").EnumerateArray().Select(e => e.GetInt32());
        var sampler = new Sampler(Parse(record.GetProperty("chain").GetString()!), logits.Length);
        sampler.Begin([.. history]);
        var distribution = sampler.Distribution(logits);

        var kept = record.GetProperty("kept").EnumerateArray().Select(e => e.GetInt32());
        Assert.Equal(kept, distribution.Ids.ToArray());
        var probabilities = Floats(record, "probabilities");
        for (var i = 0; i < probabilities.Length; i++)
        {
            var allowed = probabilities[i] * Tolerance.PrintedProbability;
            Assert.Equal(probabilities[i], distribution.Probability(i), allowed);
        }
    }

    private static float[] Floats(JsonElement record, string name) =>
        [.. record.GetProperty(name).EnumerateArray().Select(e => e.GetSingle())];

    private static SamplingOptions Parse(string chain)
    {
        var options = new SamplingOptions
        {
            Temperature = 1,
            TopK = 0,
            TopP = 1,
            MinP = 0,
        };
        foreach (var step in chain.Split(", "))
        {
            var parts = step.Split(' ');
            var value = float.Parse(parts[1]);
            options = parts[0] switch
            {
                "temperature" => options with { Temperature = value },
                "top_k" => options with { TopK = (int)value },
                "top_p" => options with { TopP = value },
                "min_p" => options with { MinP = value },
                "typical" => options with { TypicalP = value },
                "epsilon" => options with { Epsilon = value },
                "repetition" => options with { RepetitionPenalty = value },
                _ => throw new InvalidOperationException(step),
            };
        }

        return options;
    }
}

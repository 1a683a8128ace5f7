using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Puna.Engine.Evaluation;
using Puna.Engine.Files;
using Puna.Engine.Runtime;
using Puna.Engine.Text.PreTokenizers;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

/// <summary>llama.cpp reads the same files, ours among them, and finds the same likelihood of the same text.</summary>
[Trait("speed", "slow")]
public sealed partial class LlamaCppPerplexityTests
{
    private const int Context = 256;
    private const int Windows = 8;
    private const int Characters = 16_000;

    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Fact]
    public void Of_the_default_model_it_is_the_same_in_f32_and_in_int8()
    {
        using var folder = new TemporaryFolder();
        Agree(folder, DefaultModel, ActivationFormat.F32, ActivationFormat.Int8);
    }

    [Theory]
    [InlineData("q8_0")]
    [InlineData("q4_0")]
    [InlineData("q4_1")]
    [InlineData("q5_0")]
    [InlineData("iq4_nl")]
    [InlineData("q2_k")]
    [InlineData("q4_k")]
    [InlineData("q5_k")]
    public void Of_our_own_file_it_is_the_same(string id)
    {
        var format = WeightFormats.Find(id)!;
        using var folder = new TemporaryFolder();
        using (var input = ModelFiles.Open(DefaultModel))
        {
            ModelAssert.Convert(input, folder["m.gguf"], format);
        }

        Agree(folder, folder["m.gguf"], ActivationFormat.Int8);
    }

    private static void Agree(
        TemporaryFolder folder,
        string model,
        params ActivationFormat[] activations
    )
    {
        var text = Text();
        File.WriteAllText(folder["text.txt"], text);
        var expected = Theirs(model, folder["text.txt"]);
        foreach (var format in activations)
        {
            var actual = Ours(model, text, format);
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{format}: {actual:F5}, llama.cpp {expected:F5}, {(actual / expected) - 1:P3}"
            );
            Assert.InRange(
                actual,
                expected * (1 - Tolerance.Int8Nll),
                expected * (1 + Tolerance.Int8Nll)
            );
        }
    }

    private static string Text()
    {
        using var packed = new GZipStream(
            File.OpenRead(SharedData.Path("text", "wikitext2-test.txt.gz")),
            CompressionMode.Decompress
        );
        using var reader = new StreamReader(packed);
        var characters = new char[Characters];
        return new string(characters, 0, reader.ReadBlock(characters));
    }

    private static double Ours(string model, string text, ActivationFormat activations)
    {
        var kv = activations == ActivationFormat.F32 ? KvPageFormats.F32 : KvPageFormats.F16;
        using var engine = InferenceEngine.Load(
            model,
            new InferenceOptions
            {
                Activations = activations,
                KeyFormat = kv,
                ValueFormat = kv,
            }
        );
        var ids = engine.Tokenizer!.Encode(text, parseSpecial: false);
        Assert.True(ids.Count >= Windows * Context, $"{ids.Count} tokens");
        var result = Perplexity.Measure(
            engine,
            [.. ids.Take(Windows * Context)],
            new PerplexityOptions { Context = Context, Rule = PerplexityRule.LlamaCpp },
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.Equal(Windows * (Context / 2 - 1), result.Predictions);
        return result.MeanNll;
    }

    private static double Theirs(string model, string text)
    {
        var output = "";

        // The tool now and then ends before its logging thread has written the last line.
        for (var attempt = 0; attempt < 10; attempt++)
        {
            (var code, output) = LlamaCpp.Run(
                "llama-perplexity",
                "-m",
                model,
                "-f",
                text,
                "-c",
                $"{Context}",
                "-b",
                $"{Context}",
                "-t",
                "2",
                "--chunks",
                $"{Windows}"
            );
            Assert.True(code == 0, output);
            if (Estimate().Match(output) is { Success: true } match)
            {
                return Math.Log(
                    double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture)
                );
            }
        }

        throw new InvalidOperationException(output);
    }

    [GeneratedRegex(@"Final estimate: PPL = (?<value>[0-9.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Estimate();
}

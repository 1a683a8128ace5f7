using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Puna.Engine.Files;
using Puna.Engine.Plan;
using Puna.Engine.Text;
using Puna.Engine.Text.PreTokenizers;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

[Trait("speed", "slow")]
public sealed partial class LlamaCppTests
{
    // GGUF cannot state the norms behind attention and feed-forward.
    public static TheoryData<string> Names =>
        ReferenceCases.TinyModels(config => !config.TryGetProperty("use_post_norm", out _));

    public static TheoryData<string> Twins => ReferenceCases.GgufTwins();

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("reference", "tiny")]
    public void It_runs_our_gguf_of_every_family(string name)
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("tiny", name));
        ModelAssert.Convert(input, folder["m.gguf"], null);
        var (code, output) = LlamaCpp.Run(
            "llama-bench",
            "-m",
            folder["m.gguf"],
            "-p",
            "8",
            "-n",
            "2",
            "-r",
            "1"
        );
        Assert.True(code == 0 && output.Contains("tg2", StringComparison.Ordinal), output);
    }

    [Theory]
    [InlineData("q8_0")]
    [InlineData("q4_0")]
    [InlineData("q4_k")]
    [InlineData("q6_k")]
    [InlineData("f16")]
    [InlineData("bf16")]
    [InlineData("f32")]
    public void It_runs_models_made_of_random_weights(string id)
    {
        var format = WeightFormats.Find(id)!;
        using var folder = new TemporaryFolder();
        ModelAssert.Create("stories-260k", folder["m.gguf"], format, 3);
        Assert.True(double.IsFinite(Perplexity(folder["m.gguf"])));
    }

    [Theory]
    [MemberData(nameof(Twins))]
    [Trait("reference", "tiny-gguf")]
    public void A_rewritten_gguf_has_the_same_perplexity(string name)
    {
        using var folder = new TemporaryFolder();
        var path = SharedData.Path("tiny-gguf", name + ".gguf");
        using var input = ModelFiles.Open(path);
        ModelAssert.Convert(input, folder["m.gguf"], WeightFormats.F32);
        Assert.Equal(Perplexity(path), Perplexity(folder["m.gguf"]));
    }

    [Fact]
    public void A_folder_with_llama_3s_tokenizer_keeps_it_in_gguf()
    {
        using var folder = new TemporaryFolder();
        var shape = ModelShapes.Get("stories-260k") with { VocabularySize = 128256 };
        ModelCreator.Create(
            "tiny",
            shape,
            folder["hf"],
            WeightFormats.BF16,
            1,
            null,
            null,
            false,
            TestContext.Current.CancellationToken
        );
        using (
            var packed = new GZipStream(
                File.OpenRead(SharedData.Path("tokenizers", "llama3", "tokenizer.json.gz")),
                CompressionMode.Decompress
            )
        )
        using (var file = File.Create(folder["hf/tokenizer.json"]))
        {
            packed.CopyTo(file);
        }

        File.Copy(
            SharedData.Path("tokenizers", "llama3", "tokenizer_config.json"),
            folder["hf/tokenizer_config.json"]
        );
        using var input = ModelFiles.Open(folder["hf"]);
        ModelAssert.Convert(input, folder["m.gguf"], WeightFormats.Q8_0);
        using var output = ModelFiles.Open(folder["m.gguf"]);
        var (expected, actual) = (input.Tokenizer!, output.Tokenizer!);
        Assert.Equal(expected.Pieces, actual.Pieces);
        Assert.Equal(expected.Merges, actual.Merges);
        Assert.Equal(
            (expected.PreTokenizer, expected.BosId, expected.EosId, expected.ChatTemplate),
            (actual.PreTokenizer, actual.BosId, actual.EosId, actual.ChatTemplate)
        );
        var text = File.ReadAllText(SharedData.Path("text", "snippet-nll.txt"));
        Assert.Equal(
            TokenizerFactory.Create(expected).Encode(text),
            TokenizerFactory.Create(actual).Encode(text)
        );
        Assert.True(double.IsFinite(Perplexity(folder["m.gguf"])));
    }

    private static double Perplexity(string model)
    {
        var output = "";

        // The tool now and then ends before its logging thread has written the last line.
        for (var attempt = 0; attempt < 50; attempt++)
        {
            (var code, output) = LlamaCpp.Run(
                "llama-perplexity",
                "-m",
                model,
                "-f",
                SharedData.Path("text", "snippet-nll.txt"),
                "-c",
                "64",
                "-b",
                "64",
                "--chunks",
                "2"
            );
            Assert.True(code == 0, output);
            if (Estimate().Match(output) is { Success: true } match)
            {
                return double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture);
            }
        }

        throw new InvalidOperationException(output);
    }

    [GeneratedRegex(@"Final estimate: PPL = (?<value>[0-9.]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Estimate();
}

using Puna.Engine.Files;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

public sealed class FormatChoiceTests
{
    [Theory]
    [InlineData("q4_0", "q6_k")]
    [InlineData("q4_1", "q6_k")]
    [InlineData("iq4_nl", "q6_k")]
    [InlineData("q4_k", "q6_k")]
    [InlineData("q2_k", "q6_k")]
    [InlineData("q5_0", "q5_0")]
    [InlineData("q8_0", "q8_0")]
    public void Embedding_and_head_of_small_formats_are_kept_higher_unless_pure(
        string id,
        string end
    )
    {
        var format = WeightFormats.Find(id)!;
        Assert.Equal(end, Formats("f32", new FormatChoice(format))["token_embd.weight"]);
        Assert.Equal(id, Formats("f32", new FormatChoice(format))["blk.0.ffn_down.weight"]);
        var pure = Formats("f32", new FormatChoice(format, Pure: true));
        Assert.All(pure.Where(tensor => tensor.Value != "f32"), t => Assert.Equal(id, t.Value));
    }

    [Fact]
    public void Rows_that_256_does_not_divide_have_an_embedding_of_q8_0()
    {
        using var input = ModelFiles.Open(SharedData.Path("weights", "stories260K", "hf"));
        var summary = ModelConverter.Preview(
            input,
            "out.gguf",
            new ConversionOptions { Formats = new(WeightFormats.Q4_0) }
        );
        Assert.Equal(
            WeightFormats.Q8_0,
            summary.Tensors.Single(tensor => tensor.Name == "token_embd.weight").Format
        );
        Assert.DoesNotContain(
            summary.StoredOtherwise,
            tensor => tensor.Key.Contains("embed_tokens", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void The_first_rule_that_matches_wins_over_the_format()
    {
        var formats = Formats(
            "f32",
            new FormatChoice(
                WeightFormats.Q4_0,
                Rules:
                [
                    TensorFormatRule.Parse("blk.*.ffn_down.weight=q5_k"),
                    TensorFormatRule.Parse("*mlp*=q8_0"),
                    TensorFormatRule.Parse("token_embd*=f16"),
                ]
            )
        );
        Assert.Equal("q5_k", formats["blk.0.ffn_down.weight"]);
        Assert.Equal("q8_0", formats["blk.0.ffn_up.weight"]);
        Assert.Equal("f16", formats["token_embd.weight"]);
        Assert.Equal("q4_0", formats["blk.0.attn_q.weight"]);
    }

    [Theory]
    [InlineData("*nothing*=q8_0")]
    [InlineData("*ffn*")]
    [InlineData("*ffn*=q9_9")]
    [InlineData("=q8_0")]
    public void A_rule_that_cannot_be_meant_is_refused(string text) =>
        ModelAssert.Sentence(() =>
            Formats("f32", new FormatChoice(null, Rules: [TensorFormatRule.Parse(text)]))
        );

    [Theory]
    [InlineData("q4_0", "q8_0", "grow", "quantised again")]
    [InlineData("q8_0", "q4_0", "coarser", "quantised again")]
    [InlineData("f16", "f32", "grow", "grow")]
    public void What_a_conversion_costs_is_remarked(
        string stored,
        string asked,
        string first,
        string second
    )
    {
        var remarks = Preview(stored, new FormatChoice(WeightFormats.Find(asked)!)).Remarks;
        Assert.Contains(remarks, remark => remark.Contains(first, StringComparison.Ordinal));
        Assert.Contains(remarks, remark => remark.Contains(second, StringComparison.Ordinal));
    }

    [Fact]
    public void Quantising_plain_weights_needs_no_remark() =>
        Assert.Empty(Preview("f32", new FormatChoice(WeightFormats.Q4_K)).Remarks);

    [Theory]
    [InlineData("model.ggfu")]
    [InlineData("model.onnx")]
    [InlineData("v1.5")]
    public void An_unknown_ending_is_a_question_and_not_a_folder(string name)
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("tiny", "llama-gqa"));
        var message = ModelAssert.Sentence(() => ModelAssert.Convert(input, folder[name], null));
        Assert.Contains(Path.GetExtension(name), message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
        ModelAssert.Convert(input, folder[name] + "/", null);
        ModelAssert.Convert(input, folder[name], null);
        Assert.True(File.Exists(folder[name + "/model.safetensors"]));
    }

    [Fact]
    public void A_preview_tells_the_bytes_that_are_then_written()
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("gguf-types", "f32.gguf"));
        var choice = new FormatChoice(WeightFormats.Q3_K);
        var preview = ModelConverter.Preview(input, folder["out.gguf"], new() { Formats = choice });
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
        var written = ModelAssert.ConvertBy(input, folder["out.gguf"], choice);
        Assert.Equal(written.Tensors, preview.Tensors);
        using var output = ModelFiles.Open(folder["out.gguf"]);
        Assert.Equal(output.Tensors.Sum(tensor => tensor.Data.Length), preview.Bytes);
    }

    private static Dictionary<string, string> Formats(string stored, FormatChoice choice) =>
        Preview(stored, choice)
            .Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Format.Id);

    private static ConversionSummary Preview(string stored, FormatChoice choice)
    {
        using var input = ModelFiles.Open(SharedData.Path("gguf-types", stored + ".gguf"));
        return ModelConverter.Preview(input, "out.gguf", new() { Formats = choice });
    }
}

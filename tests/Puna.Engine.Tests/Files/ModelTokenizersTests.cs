using Puna.Engine.Files;
using Puna.Engine.Text;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

public sealed class ModelTokenizersTests
{
    [Theory]
    [InlineData("stories260K.bin")]
    [InlineData("stories260K-q8.bin")]
    public void A_checkpoint_finds_the_only_tokenizer_beside_it(string name)
    {
        using var model = ModelFiles.Open(SharedData.Path("weights", "stories260K", name));
        Assert.Equal(512, model.Tokenizer!.Pieces.Count);
        Assert.Equal(
            [403, 407, 261, 378],
            TokenizerFactory.Create(model.Tokenizer).Encode("Once upon a time")
        );
    }

    [Fact]
    public void Two_tokenizers_beside_a_checkpoint_are_no_choice_but_tokenizer_bin_is()
    {
        using var folder = new TemporaryFolder();
        File.Copy(SharedData.Path("weights", "stories260K", "stories260K.bin"), folder["m.bin"]);
        using (var none = ModelFiles.Open(folder["m.bin"]))
        {
            Assert.Null(none.Tokenizer);
        }

        File.Copy(SharedData.Path("weights", "stories260K", "tok512.bin"), folder["a.bin"]);
        File.Copy(SharedData.Path("weights", "stories260K", "tok512.bin"), folder["b.bin"]);
        using (var two = ModelFiles.Open(folder["m.bin"]))
        {
            Assert.Null(two.Tokenizer);
        }

        File.Copy(SharedData.Path("weights", "stories260K", "tok512.bin"), folder["tokenizer.bin"]);
        using var model = ModelFiles.Open(folder["m.bin"]);
        Assert.Equal(512, model.Tokenizer!.Pieces.Count);
    }

    [Fact]
    public void A_tokenizer_with_more_pieces_than_the_embedding_has_rows_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.Copy(SharedData.Path("weights", "stories260K", "stories260K.bin"), folder["m.bin"]);
        File.Copy(SharedData.Path("tokenizers", "tok4096", "tok4096.bin"), folder["tokenizer.bin"]);
        using var model = ModelFiles.Open(folder["m.bin"]);
        Assert.Contains(
            "4096",
            ModelAssert.Sentence(() => _ = model.Tokenizer),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Gguf_holds_the_tokenizer_and_a_rewritten_one_the_same()
    {
        using var folder = new TemporaryFolder();
        using var model = ModelFiles.Open(SharedData.Path("gguf-types", "q4_0.gguf"));
        ModelAssert.Convert(model, folder["m.gguf"], null);
        using var rewritten = ModelFiles.Open(folder["m.gguf"]);
        Same(model.Tokenizer!, rewritten.Tokenizer!);
    }

    [Theory]
    [InlineData("stories260K.bin")]
    [InlineData("hf")]
    public void The_tokenizer_goes_into_the_gguf_file(string name)
    {
        using var folder = new TemporaryFolder();
        using var model = ModelFiles.Open(SharedData.Path("weights", "stories260K", name));
        var summary = ModelAssert.Convert(model, folder["m.gguf"], WeightFormats.Q8_0);
        using var written = ModelFiles.Open(folder["m.gguf"]);
        if (model.Tokenizer is null)
        {
            Assert.Null(written.Tokenizer);
            Assert.Contains(
                summary.Remarks,
                remark => remark.Contains("tokenizer", StringComparison.Ordinal)
            );
            return;
        }

        Same(model.Tokenizer, written.Tokenizer!);
        Assert.Equal(1, written.Config.BosId);
    }

    [Fact]
    public void A_created_model_can_read_any_text()
    {
        using var folder = new TemporaryFolder();
        ModelAssert.Create("stories-260k", folder["m.gguf"], WeightFormats.Q8_0, 1);
        using var model = ModelFiles.Open(folder["m.gguf"]);
        var tokenizer = TokenizerFactory.Create(model.Tokenizer!);
        Assert.Equal("Grüße \U0001F600", tokenizer.Decode(tokenizer.Encode("Grüße \U0001F600")));
    }

    private static void Same(TokenizerData expected, TokenizerData actual)
    {
        Assert.Equal(expected.Kind, actual.Kind);
        Assert.Equal(expected.Pieces, actual.Pieces);
        Assert.Equal(expected.Scores, actual.Scores);
        Assert.Equal(expected.Types, actual.Types);
        Assert.Equal(
            (
                expected.BosId,
                expected.EosId,
                expected.UnknownId,
                expected.AddBos,
                expected.AddSpacePrefix
            ),
            (actual.BosId, actual.EosId, actual.UnknownId, actual.AddBos, actual.AddSpacePrefix)
        );
    }
}

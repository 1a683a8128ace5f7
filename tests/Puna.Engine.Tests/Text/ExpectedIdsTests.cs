using System.Text;
using Puna.Engine.Files;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Text;
using Puna.Testing;

namespace Puna.Engine.Tests.Text;

/// <summary>Ids made by other implementations: SentencePiece, Hugging Face's tokenizers, llama.cpp, transformers.</summary>
public class ExpectedIdsTests
{
    private const string SingleBlanksOnly = "single-blanks/";

    public static TheoryData<string, string> Sets => ExpectedIds.Sets;

    /// <summary>
    /// Sets of one folder with the same vocabulary in the form of another one. That these are the same only the data's
    /// readme says, so the pairs stand here.
    /// </summary>
    public static TheoryData<string, string> OtherForms
    {
        get
        {
            const string Llama2 = "tokenizers/llama2/";
            const string Gguf = "tokenizers/gguf-vocab/ggml-vocab-";
            return new()
            {
                { Gguf + "llama-spm.gguf", Llama2 + "expected-ids-llama2.jsonl" },
                {
                    "gguf-types/f32.gguf",
                    "single-blanks/weights/stories260K/expected-ids-tok512.jsonl"
                },
                { "tokenizers/gpt2/vocab.json.gz", Gguf + "gpt-2.gguf.inp" },
                { Llama2 + "tokenizer.model", Gguf + "llama-spm.gguf.inp" },
                { Llama2 + "tokenizer.bin", Gguf + "llama-spm.gguf.inp" },
                { "tokenizers/llama3/tokenizer.json.gz", Gguf + "llama-bpe.gguf.inp" },
            };
        }
    }

    public static TheoryData<string> Models => OracleModels.All;

    [Theory]
    [MemberData(nameof(Sets))]
    [MemberData(nameof(OtherForms))]
    public void Ids_equal_every_recorded_line(string tokenizer, string set)
    {
        var built = ExpectedIds.Tokenizer(tokenizer);
        var lines = Lines(set);
        Assert.NotEmpty(lines);
        foreach (var (text, ids) in lines)
        {
            Assert.Equal(ids, built.Encode(text));
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    [MemberData(nameof(OtherForms))]
    public void Recorded_ids_decode_to_their_text(string tokenizer, string set)
    {
        var built = ExpectedIds.Tokenizer(tokenizer);
        foreach (var (text, ids) in Lines(set))
        {
            Assert.Equal(AsEncoded(built, text), built.Decode(ids));
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    [MemberData(nameof(OtherForms))]
    public void Streamed_text_equals_the_text_decoded_at_once(string tokenizer, string set)
    {
        var built = ExpectedIds.Tokenizer(tokenizer);
        foreach (var (text, ids) in Lines(set))
        {
            var stream = new StreamingDetokenizer(built);
            var streamed = new StringBuilder();
            foreach (var id in ids)
            {
                var part = stream.Append(id);
                Assert.DoesNotContain('\uFFFD', part);
                streamed.Append(part);
            }

            Assert.Equal(AsEncoded(built, text), streamed.Append(stream.Flush()).ToString());
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    [Trait("reference", "weights")]
    public void Prompts_and_greedy_text_of_a_real_model_are_as_transformers_has_them(string name)
    {
        var tokenizer = TokenizerFactory.Create(
            ModelFiles.LoadTokenizer(OracleModels.PathOf(name))
        );
        using var oracle = ReferenceCases.Json("weights", name, "oracle.json");
        foreach (var row in oracle.RootElement.GetProperty("greedy").EnumerateArray())
        {
            var prompt = row.TryGetProperty("rendered", out var rendered)
                ? rendered
                : row.GetProperty("prompt");
            Assert.Equal(
                ExpectedIds.Ids(row.GetProperty("prompt_ids")),
                tokenizer.Encode(prompt.GetString()!)
            );
            Assert.Equal(
                row.GetProperty("greedy_text").GetString(),
                tokenizer.Decode(ExpectedIds.Ids(row.GetProperty("greedy_ids")))
            );
        }
    }

    [Theory]
    [InlineData("weights/stories260K/tok512.model")]
    [InlineData("weights/stories260K/tok512.bin")]
    [InlineData("gguf-types/f32.gguf")]
    public void The_recorded_story_decodes_without_the_blank_in_front(string name)
    {
        int[] ids = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421];
        var tokenizer = ExpectedIds.Tokenizer(name);
        Assert.Equal("Once upon a time, there was a little girl", tokenizer.Decode(ids));

        var goingOn = new StreamingDetokenizer(tokenizer, atTextStart: false);
        Assert.Equal(" there", goingOn.Append(383));
        Assert.True(tokenizer.Data.AddBos);
        Assert.Equal((1, 2), (tokenizer.Data.BosId, tokenizer.Data.EosId));
        Assert.True(tokenizer.IsEnd(2));
    }

    [Fact]
    public void The_4096_piece_tokenizer_of_tinyllamas_loads_and_says_a_story_again()
    {
        var tokenizer = TokenizerFactory.Create(
            ModelFiles.LoadTokenizer(SharedData.Path("tokenizers", "tok4096", "tok4096.bin"))
        );
        Assert.Equal(4096, tokenizer.VocabularySize);
        const string Story = "Once upon a time, Lily said: \"Hello, 世界!\"\n";
        var ids = tokenizer.Encode(Story);
        Assert.True(ids.Count < 30);
        Assert.Equal(Story, tokenizer.Decode(ids));
    }

    /// <summary>What a tokenizer keeps of a text.</summary>
    private static string AsEncoded(ITokenizer tokenizer, string text) =>
        tokenizer.Data.RemoveExtraBlanks ? SingleBlanks(text) : text;

    private static string SingleBlanks(string text) =>
        string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>
    /// A set by its name. GGUF has no key for SentencePiece's removal of extra blanks, and llama.cpp does none: only
    /// texts without extra blanks tell the same there.
    /// </summary>
    private static List<(string Text, int[] Ids)> Lines(string set) =>
        set.StartsWith(SingleBlanksOnly, StringComparison.Ordinal)
            ?
            [
                .. ExpectedIds
                    .Lines(set[SingleBlanksOnly.Length..])
                    .Where(line => SingleBlanks(line.Text) == line.Text),
            ]
            : ExpectedIds.Lines(set);
}

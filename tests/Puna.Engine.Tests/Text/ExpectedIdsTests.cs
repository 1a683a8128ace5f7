using System.Text;
using System.Text.Json;
using Puna.Engine.Files;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Text;
using Puna.Testing;

namespace Puna.Engine.Tests.Text;

/// <summary>Ids made by other implementations: SentencePiece, Hugging Face's tokenizers, llama.cpp, transformers.</summary>
public class ExpectedIdsTests
{
    public static TheoryData<string, string> Sets =>
        new()
        {
            { "llama2.model", "tokenizers/llama2/expected-ids-llama2.jsonl" },
            { "llama2.bin", "tokenizers/llama2/expected-ids-llama2.jsonl" },
            { "llama2.gguf", "tokenizers/llama2/expected-ids-llama2.jsonl" },
            { "llama3.json", "tokenizers/llama3/expected-ids-llama3.jsonl" },
            { "tok512.model", "weights/stories260K/expected-ids-tok512.jsonl" },
            { "tok512.bin", "weights/stories260K/expected-ids-tok512.jsonl" },
            { "tok512.gguf", "single-blanks/weights/stories260K/expected-ids-tok512.jsonl" },
            { "gpt2.gguf", "pairs/gpt-2" },
            { "gpt2.vocab", "pairs/gpt-2" },
            { "llama2.gguf", "pairs/llama-spm" },
            { "llama2.model", "pairs/llama-spm" },
            { "llama2.bin", "pairs/llama-spm" },
            { "llama3.json", "pairs/llama-bpe" },
        };

    [Theory]
    [MemberData(nameof(Sets))]
    public void Ids_equal_every_recorded_line(string tokenizer, string set)
    {
        var built = ExpectedIds.Tokenizer(tokenizer);
        var lines = Lines(set);
        Assert.True(lines.Count > 20);
        foreach (var (text, ids) in lines)
        {
            Assert.Equal(ids, built.Encode(text));
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
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

    [Fact]
    public void Prompts_and_greedy_text_of_the_default_model_are_as_transformers_has_them()
    {
        var tokenizer = ExpectedIds.Tokenizer("smollm2.gguf");
        using var oracle = JsonDocument.Parse(
            SharedData.Bytes("weights", "smollm2-135m-instruct", "oracle.json")
        );
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
    [InlineData("tok512.model")]
    [InlineData("tok512.bin")]
    [InlineData("tok512.gguf")]
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
            ModelFiles.LoadTokenizer(
                Puna.Testing.SharedData.Path("tokenizers", "tok4096", "tok4096.bin")
            )
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
        set.Split('/') switch
        {
            ["pairs", var name] => ExpectedIds.GgufPairs(name),
            ["single-blanks", .. var parts] =>
            [
                .. ExpectedIds.Lines(parts).Where(line => SingleBlanks(line.Text) == line.Text),
            ],
            var parts => ExpectedIds.Lines(parts),
        };
}

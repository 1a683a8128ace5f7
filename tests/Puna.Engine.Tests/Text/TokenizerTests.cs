using System.Text;
using System.Text.Json.Nodes;
using Puna.Engine.Text;

namespace Puna.Engine.Tests.Text;

public class TokenizerTests
{
    [Fact]
    public void Merges_are_taken_by_rank_inside_words()
    {
        var tokenizer = SmallTokenizers.ByteLevel();
        Assert.Equal([259, 260, 'x'], tokenizer.Encode("hello hellox"));
        Assert.Empty(tokenizer.Encode(""));
    }

    [Fact]
    public void The_longest_added_token_is_found_first_and_control_tokens_only_when_asked()
    {
        var tokenizer = SmallTokenizers.ByteLevel();
        Assert.Equal([263, 261, 262, '!'], tokenizer.Encode("<tool>s<|end|><tool>!"));
        Assert.Equal(
            [263, '<', '|', 'e', 'n', 'd', '|', '>', 262],
            tokenizer.Encode("<tool>s<|end|><tool>", parseSpecial: false)
        );
        Assert.True(tokenizer.IsEnd(261));
        Assert.False(tokenizer.IsEnd(262));
    }

    [Theory]
    [InlineData("lstrip", "a  <x> b", "a|264| b")]
    [InlineData("rstrip", "a  <x> b", "a|  |264|b")]
    [InlineData("single_word", "a<x> <x>b <x>", "a<x> <x>b |264")]
    [InlineData("single_word", "é<x> 𝒜<x> ,<x>,", "é<x> 𝒜<x> ,|264|,")]
    public void Flags_of_added_tokens_are_honoured(string flag, string text, string expected)
    {
        var json = SmallTokenizers.ByteLevelJson();
        json["added_tokens"]!.AsArray().Add(SmallTokenizers.Added(264, "<x>", false, flag));
        var tokenizer = TokenizerFactory.Create(SmallTokenizers.Data(json));
        var wanted = expected
            .Split('|')
            .SelectMany(part =>
                part == "264" ? [264] : Encoding.UTF8.GetBytes(part).Select(value => (int)value)
            );
        Assert.Equal(wanted, tokenizer.Encode(text));
    }

    [Fact]
    public void A_normalised_token_is_found_in_the_normalised_text()
    {
        var json = SmallTokenizers.ByteLevelJson();
        json["added_tokens"]!
            .AsArray()
            .Add(SmallTokenizers.Added(264, "e\u0301t", false, "normalized"));
        json["added_tokens"]!.AsArray().Add(SmallTokenizers.Added(265, "o\u0301t", false));
        var tokenizer = TokenizerFactory.Create(SmallTokenizers.Data(json));
        Assert.Equal([264, 264], tokenizer.Encode("e\u0301tét"));
        Assert.Equal([265, 0xC3, 0xB3, 't'], tokenizer.Encode("o\u0301tót"));
    }

    [Fact]
    public void Text_is_put_into_form_c_where_the_file_asks_for_it()
    {
        var tokenizer = SmallTokenizers.ByteLevel();
        Assert.Equal(tokenizer.Encode("é각"), tokenizer.Encode("e\u0301\u1100\u1161\u11a8"));
        var json = SmallTokenizers.ByteLevelJson();
        json["normalizer"] = null;
        Assert.Equal(
            ['e', 0xCC, 0x81],
            TokenizerFactory.Create(SmallTokenizers.Data(json)).Encode("e\u0301")
        );
    }

    [Fact]
    public void Whole_pieces_are_taken_without_merging_where_the_file_asks_for_it()
    {
        var json = SmallTokenizers.ByteLevelJson();
        json["model"]!["merges"] = new JsonArray("h e");
        var plain = TokenizerFactory.Create(SmallTokenizers.Data(json));
        Assert.Equal([256, 'l', 'l', 'o'], plain.Encode("hello"));
        json["model"]!["ignore_merges"] = true;
        var whole = TokenizerFactory.Create(SmallTokenizers.Data(json));
        Assert.Equal([259], whole.Encode("hello"));
    }

    [Fact]
    public void A_byte_without_a_piece_is_left_out_or_unknown()
    {
        var json = SmallTokenizers.ByteLevelJson();
        json["model"]!["vocab"]!.AsObject().Remove("!");
        Assert.Equal(['a', 'b'], TokenizerFactory.Create(SmallTokenizers.Data(json)).Encode("a!b"));
        json["model"]!["unk_token"] = "<|end|>";
        Assert.Equal(
            ['a', 261, 'b'],
            TokenizerFactory.Create(SmallTokenizers.Data(json)).Encode("a!b")
        );
    }

    [Fact]
    public void Lone_surrogates_are_the_replacement_character()
    {
        foreach (
            var tokenizer in new[]
            {
                SmallTokenizers.ByteLevel(),
                TokenizerFactory.Create(SmallTokenizers.SentencePiece()),
            }
        )
        {
            Assert.Equal(
                tokenizer.Encode("a\uFFFDb\uFFFD😀\uFFFD"),
                tokenizer.Encode("a\uD800b\uDC00😀\uD83D")
            );
        }
    }

    [Fact]
    public void SentencePiece_joins_the_best_score_first_and_falls_back_to_bytes()
    {
        var data = SmallTokenizers.SentencePiece();
        var tokenizer = TokenizerFactory.Create(data);
        Assert.Equal(["\u2581ab"], Pieces(tokenizer, "ab"));
        Assert.Equal(["\u2581", "\u2581", "<0x0A>", "ab"], Pieces(tokenizer, " \nab"));
        Assert.Equal(["\u2581a", "aaaa"], Pieces(tokenizer, "aaaaa"));
        Assert.Equal(["\u2581", "<0xC3>", "<0xA9>"], Pieces(tokenizer, "é"));

        // A better score for "aa" than for the blank's piece turns the order of joining.
        var scores = data.Scores.ToArray();
        scores[tokenizer.IdOf("aa")!.Value] = 1;
        var other = TokenizerFactory.Create(data with { Scores = scores });
        Assert.Equal(["\u2581", "aaaa", "a"], Pieces(other, "aaaaa"));
    }

    [Fact]
    public void SentencePiece_without_bytes_says_a_run_of_unknown_characters_once()
    {
        var tokenizer = TokenizerFactory.Create(SmallTokenizers.SentencePiece(bytes: false));
        Assert.Equal(["\u2581a", "<unk>", "b", "<unk>"], Pieces(tokenizer, "aéébé"));
        Assert.Equal(["\u2581a", "<unk>", "b", "<unk>"], Pieces(tokenizer, "aéébé"));
        Assert.Equal("a \u2047 b \u2047 ", tokenizer.Decode(tokenizer.Encode("aéébé")));
    }

    [Fact]
    public void A_normalised_token_of_sentencepiece_is_found_behind_the_blank_that_its_spelling_got()
    {
        var tokenizer = TokenizerFactory.Create(
            SmallTokenizers.SentencePiece() with
            {
                AddedTokens = [new AddedToken(1) { Normalized = true }],
            }
        );
        int Id(string piece) => tokenizer.IdOf(piece)!.Value;
        Assert.Equal([1, Id("a")], tokenizer.Encode("<s>a"));
        Assert.Equal([Id("\u2581a"), 1, Id("b")], tokenizer.Encode("a <s>b"));
        Assert.DoesNotContain(1, tokenizer.Encode("a<s>b"));
        Assert.DoesNotContain(1, tokenizer.Encode("<s>a", parseSpecial: false));
    }

    [Fact]
    public void SentencePiece_writes_control_tokens_as_text_unless_they_are_parsed()
    {
        var tokenizer = TokenizerFactory.Create(SmallTokenizers.SentencePiece());
        Assert.Equal(["<s>", "\u2581a", "</s>", "<s>"], Pieces(tokenizer, "<s>a</s><s>"));
        Assert.DoesNotContain(1, tokenizer.Encode("<s>a", parseSpecial: false));
        Assert.Equal("<s>a", tokenizer.Decode(tokenizer.Encode("<s>a", parseSpecial: false)));
    }

    [Fact]
    public void SentencePiece_removes_extra_blanks_where_the_file_asks_for_it()
    {
        var tokenizer = TokenizerFactory.Create(
            SmallTokenizers.SentencePiece() with
            {
                RemoveExtraBlanks = true,
            }
        );
        Assert.Equal(["\u2581a", "\u2581ab"], Pieces(tokenizer, "  a   ab \u2581 "));
        Assert.Empty(tokenizer.Encode("   "));
    }

    [Fact]
    public void SentencePiece_matches_user_defined_pieces_whole()
    {
        var data = SmallTokenizers.SentencePiece();
        var types = data.Types.ToArray();
        var ab = data.Pieces.ToList().IndexOf("ab");
        types[ab] = TokenType.UserDefined;
        var tokenizer = TokenizerFactory.Create(data with { Types = types });
        Assert.Equal(["\u2581", "ab", "ab"], Pieces(tokenizer, "abab"));
        Assert.Equal(["\u2581a", "ab", "b"], Pieces(tokenizer, "aabb"));
    }

    [Theory]
    [InlineData(false, false, "\u2581a|<s>|\u2581a|\u2581|\u2581a")]
    [InlineData(true, false, "\u2581a|<s>|a|\u2581|\u2581a")]
    [InlineData(false, true, "\u2581a|<s>|\u2581a|\u2581|\u2581a")]
    public void The_blank_in_front_follows_the_settings(
        bool firstOnly,
        bool unlessBlank,
        string expected
    )
    {
        var tokenizer = TokenizerFactory.Create(
            SmallTokenizers.SentencePiece() with
            {
                SpacePrefixFirstOnly = firstOnly,
                SpacePrefixUnlessBlank = unlessBlank,
            }
        );
        Assert.Equal(expected.Split('|'), Pieces(tokenizer, "a<s>a  a"));
        Assert.Equal(unlessBlank ? ["\u2581a"] : ["\u2581", "\u2581a"], Pieces(tokenizer, " a"));
    }

    [Fact]
    public void Byte_level_texts_come_back_exactly()
    {
        var random = new Random(3);
        var tokenizer = SmallTokenizers.ByteLevel();
        var json = SmallTokenizers.ByteLevelJson();
        json["normalizer"] = null;
        tokenizer = TokenizerFactory.Create(SmallTokenizers.Data(json));
        for (var i = 0; i < 3000; i++)
        {
            var text = SmallTokenizers.RandomText(random, random.Next(40));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Theory]
    [InlineData("tokenizers/llama3/tokenizer.json.gz")]
    [InlineData("tokenizers/gguf-vocab/ggml-vocab-gpt-2.gguf")]
    [InlineData("tokenizers/llama2/tokenizer.model")]
    [InlineData("tokenizers/llama2/tokenizer.bin")]
    public void Texts_come_back_exactly_from_real_vocabularies(string name)
    {
        var random = new Random(4);
        var tokenizer = ExpectedIds.Tokenizer(name);
        for (var i = 0; i < 2000; i++)
        {
            var text = SmallTokenizers.RandomText(random, random.Next(40));
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text)));
        }
    }

    [Theory]
    [InlineData("tokenizers/llama2/tokenizer.model")]
    [InlineData("weights/stories260K/tok512.model")]
    [InlineData("tokenizers/llama3/tokenizer.json.gz")]
    [Trait("speed", "slow")]
    public void A_text_of_one_letter_takes_no_quadratic_time(string name)
    {
        var tokenizer = ExpectedIds.Tokenizer(name);
        var text = new string('a', 1 << 20);
        var ids = tokenizer.Encode(text);
        Assert.Equal(text, tokenizer.Decode(ids));
        Assert.True(ids.Count <= text.Length);
    }

    [Fact]
    public void Threads_may_share_a_tokenizer()
    {
        var tokenizer = TokenizerFactory.Create(SmallTokenizers.SentencePiece());
        var random = new Random(6);
        var texts = Enumerable
            .Range(0, 200)
            .Select(_ => SmallTokenizers.RandomText(random, 200))
            .ToArray();
        var expected = texts
            .Select(text =>
                TokenizerFactory.Create(SmallTokenizers.SentencePiece()).Encode(text).ToArray()
            )
            .ToArray();
        var found = new int[4][][];
        var threads = Enumerable
            .Range(0, 4)
            .Select(thread => new Thread(() =>
                found[thread] = [.. texts.Select(text => tokenizer.Encode(text).ToArray())]
            ))
            .ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        Assert.All(found, ids => Assert.Equal(expected, ids));
    }

    private static IEnumerable<string> Pieces(ITokenizer tokenizer, string text) =>
        tokenizer.Encode(text).Select(id => tokenizer.Data.Pieces[id]);
}

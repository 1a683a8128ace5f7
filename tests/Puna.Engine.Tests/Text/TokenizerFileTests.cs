using System.Text;
using System.Text.Json.Nodes;
using Puna.Engine.Files;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Text;
using Puna.Engine.Text.PreTokenizers;
using Puna.Testing;

namespace Puna.Engine.Tests.Text;

/// <summary>What the readers take from files, and the sentence they refuse with.</summary>
public sealed class TokenizerFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Folder => _folder.Path;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_hugging_faceFolder_is_read_with_its_settings()
    {
        Write("tokenizer.json", SmallTokenizers.ByteLevelJson().ToJsonString());
        Write(
            "tokenizer_config.json",
            """
            {"add_bos_token": true, "bos_token": {"content": "<tool>"}, "eos_token": "<|end|>",
             "chat_template": [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}]}
            """
        );
        Write("generation_config.json", """{"eos_token_id": [262, 261, 70000]}""");
        var data = ModelFiles.LoadTokenizer(Folder);
        Assert.Equal((262, 261, true), (data.BosId, data.EosId, data.AddBos));
        Assert.Equal([261, 262], data.EndIds);
        Assert.Equal("D", data.ChatTemplate);
        Write("chat_template.jinja", "J");
        Write("tokenizer_config.json", """{"chat_template": "S"}""");
        Assert.Equal("J", ModelFiles.LoadTokenizer(Folder).ChatTemplate);
        File.Delete(Path.Combine(Folder, "chat_template.jinja"));
        Assert.Equal("S", ModelFiles.LoadTokenizer(Folder).ChatTemplate);
    }

    [Fact]
    public void The_template_of_the_post_processor_names_the_beginning()
    {
        var json = SmallTokenizers.ByteLevelJson();
        json["post_processor"] = JsonNode.Parse(
            """
            {"type": "Sequence", "processors": [{"type": "ByteLevel"}, {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "<|end|>"}}, {"Sequence": {"id": "A"}}]}]}
            """
        );
        var data = SmallTokenizers.Data(json);
        Assert.Equal((261, true), (data.BosId, data.AddBos));
        json["post_processor"]!["processors"]![1]!["single"]!.AsArray().RemoveAt(0);
        Assert.Null(SmallTokenizers.Data(json).BosId);
    }

    [Theory]
    [InlineData("""{"type":"Prepend","prepend":"▁"}""", null, true, false, false, false)]
    [InlineData(
        null,
        """{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""",
        true,
        true,
        true,
        false
    )]
    [InlineData(
        null,
        """{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":false}""",
        false,
        false,
        true,
        false
    )]
    [InlineData(
        null,
        """{"type":"Metaspace","replacement":"▁","add_prefix_space":true}""",
        true,
        false,
        true,
        true
    )]
    [InlineData(
        null,
        """{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}""",
        false,
        false,
        false,
        false
    )]
    public void Sentencepiece_like_steps_are_understood(
        string? normalizer,
        string? split,
        bool prefix,
        bool firstOnly,
        bool unlessBlank,
        bool splits
    )
    {
        var json = SentencePieceJson();
        if (normalizer is not null)
        {
            json["normalizer"]!["normalizers"]!.AsArray().Insert(0, JsonNode.Parse(normalizer));
        }

        json["pre_tokenizer"] = split is null ? null : JsonNode.Parse(split);
        var data = SmallTokenizers.Data(json);
        Assert.Equal(TokenizerKind.SentencePieceBpe, data.Kind);
        Assert.Equal(
            (prefix, firstOnly, unlessBlank, splits),
            (
                data.AddSpacePrefix,
                data.SpacePrefixFirstOnly,
                data.SpacePrefixUnlessBlank,
                data.SplitAtBlanks
            )
        );
        var tokenizer = TokenizerFactory.Create(data);
        Assert.Equal("a é a", tokenizer.Decode(tokenizer.Encode("a é a")));
    }

    [Theory]
    [InlineData("gpt-2", """{"type":"ByteLevel","add_prefix_space":false}""")]
    [InlineData(
        "smollm",
        """{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}]}"""
    )]
    [InlineData(
        "qwen2",
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]}"""
    )]
    public void Patterns_are_known_by_their_exact_text(string name, string step)
    {
        var json = SmallTokenizers.ByteLevelJson();
        json["pre_tokenizer"] = JsonNode.Parse(step);
        Assert.Equal(name, SmallTokenizers.Data(json).PreTokenizer);
    }

    [Theory]
    [InlineData(
        "pre_tokenizer",
        """{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\w+"},"behavior":"Isolated"},{"type":"ByteLevel","use_regex":false}]}""",
        @"\\w+"
    )]
    [InlineData(
        "pre_tokenizer",
        """{"type":"ByteLevel","add_prefix_space":true}""",
        "add_prefix_space"
    )]
    [InlineData("pre_tokenizer", """{"type":"Whitespace"}""", "Whitespace")]
    [InlineData("pre_tokenizer", "null", "neither byte-level")]
    [InlineData("normalizer", """{"type":"NFKC"}""", "NFKC")]
    [InlineData(
        "normalizer",
        """{"type":"Sequence","normalizers":[{"type":"Lowercase"}]}""",
        "Lowercase"
    )]
    [InlineData("model", """{"type":"Unigram","vocab":[]}""", "Unigram")]
    [InlineData("model", """{"type":"BPE","vocab":[],"merges":[]}""", "vocab")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":1e12},"merges":[]}""", "1e12")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":1000000000},"merges":[]}""", "1000000000")]
    [InlineData("model", """{"type":"BPE","vocab":{"a":-1},"merges":[]}""", "-1")]
    [InlineData(
        "model",
        """{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}""",
        "both 'a' and 'b'"
    )]
    [InlineData("model", """{"type":"BPE","vocab":{"a":0},"merges":[3]}""", "merge 3")]
    [InlineData(
        "model",
        """{"type":"BPE","vocab":{"a":0},"merges":[],"end_of_word_suffix":"</w>"}""",
        "</w>"
    )]
    [InlineData("model", "null", "model")]
    [InlineData("added_tokens", """[{"content":"x"}]""", "without an 'id'")]
    [InlineData("added_tokens", """{"x":1}""", "list")]
    [InlineData("added_tokens", """[{"id":260,"content":"x"}]""", "260")]
    [InlineData("added_tokens", """[{"id":500,"content":"\ud800"}]""", "Unicode")]
    public void What_cannot_be_honoured_is_refused_by_name(string field, string value, string named)
    {
        var text = SmallTokenizers.ByteLevelJson();
        text[field] = "PLACE";
        var json = text.ToJsonString().Replace("\"PLACE\"", value, StringComparison.Ordinal);
        var fault = Assert.Throws<InputException>(() =>
            TokenizerJsonReader.Read(Encoding.UTF8.GetBytes(json), "tokenizer.json")
        );
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h x", "needs the piece 'x'")]
    [InlineData("h h", "needs the piece 'hh'")]
    [InlineData("he", "one blank between")]
    [InlineData("h e e", "one blank between")]
    [InlineData(" he", "one blank between")]
    public void Merges_that_make_no_sense_are_refused(string merge, string named)
    {
        var json = SmallTokenizers.ByteLevelJson();
        json["model"]!["vocab"]!.AsObject().Remove("x");
        json["model"]!["merges"] = new JsonArray(merge);
        var fault = Assert.Throws<InputException>(() =>
            TokenizerFactory.Create(SmallTokenizers.Data(json))
        );
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_contradicts_itself_is_refused()
    {
        var good = SmallTokenizers.SentencePiece();
        var pieces = good.Pieces.ToArray();
        pieces[^1] = pieces[^2];
        Refused(good with { Pieces = pieces }, "only once");
        Refused(good with { Pieces = [], Types = [], Scores = [] }, "empty");
        Refused(good with { Scores = [1] }, "scores");
        Refused(good with { Types = [TokenType.Normal] }, "types");
        Refused(good with { BosId = 1000 }, "1000");
        Refused(good with { EosId = -7 }, "-7");
        Refused(good with { EndIds = [12345] }, "12345");
        Refused(good with { UnknownId = int.MaxValue }, "unknown");
        Refused(good with { AddedTokens = [new AddedToken(9999)] }, "9999");
        Refused(good with { CharacterMap = new byte[] { 9, 0, 0, 0, 1 } }, "character map");
        var scores = good.Scores.ToArray();
        scores[4] = float.NaN;
        Refused(good with { Scores = scores }, "no number");
        var json = SmallTokenizers.ByteLevelJson();
        json["model"]!["merges"] = new JsonArray();
        Refused(SmallTokenizers.Data(json), "without merges");
        Refused(
            SmallTokenizers.Data(SmallTokenizers.ByteLevelJson()) with
            {
                PreTokenizer = "poro",
            },
            "'poro'"
        );
    }

    [Fact]
    public void Gguf_metadata_has_its_defaults_and_its_refusals()
    {
        var good = new Dictionary<string, object>
        {
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.tokens"] = new[] { "<unk>", "<s>", "</s>", "<|eot_id|>", "a" },
            ["tokenizer.ggml.scores"] = new float[5],
            ["tokenizer.ggml.token_type"] = new[] { 2, 3, 3, 3, 1 },
        };
        var data = GgufTokenizerReader.Read(new GgufMetadata(good))!;
        Assert.Equal((1, 2, 0), (data.BosId, data.EosId, data.UnknownId));
        Assert.True(data.AddBos && data.AddSpacePrefix);
        Assert.Equal([3], data.EndIds);
        Assert.Null(GgufTokenizerReader.Read(new GgufMetadata([])));
        GgufRefused(good, "tokenizer.ggml.scores", null!, "lacks");
        GgufRefused(good, "tokenizer.ggml.model", "t5", "'t5'");
        GgufRefused(good, "tokenizer.ggml.token_type", new[] { 2, 3, 3, 9, 1 }, "type 9");
        GgufRefused(good, "tokenizer.ggml.eot_token_id", 1L << 40, "eot");
        good["tokenizer.ggml.bos_token_id"] = uint.MaxValue;
        Assert.Equal(1, GgufTokenizerReader.Read(new GgufMetadata(good))!.BosId);
        good.Remove("tokenizer.ggml.tokens");
        var fault = Assert.Throws<InputException>(() =>
            GgufTokenizerReader.Read(new GgufMetadata(good))
        );
        Assert.Contains("tokens", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_known_by_its_content()
    {
        var model = Path.Combine(Folder, "any.name");
        File.Copy(SharedData.Path("weights", "stories260K", "tok512.model"), model);
        var fromModel = ModelFiles.LoadTokenizer(model);
        File.Delete(model);
        File.Copy(SharedData.Path("weights", "stories260K", "tok512.bin"), model);
        var fromBinary = ModelFiles.LoadTokenizer(model);
        Assert.Equal(fromModel.Pieces, fromBinary.Pieces);
        Assert.Equal(fromModel.Scores, fromBinary.Scores);
        Assert.Equal(fromModel.Types, fromBinary.Types);
    }

    [Fact]
    public void The_tokenizer_beside_a_checkpoint_is_found()
    {
        var weights = Path.Combine(Folder, "stories260K.bin");
        File.Copy(SharedData.Path("weights", "stories260K", "stories260K.bin"), weights);
        Assert.Contains(
            "no tokenizer beside it",
            Assert.Throws<InputException>(() => ModelFiles.LoadTokenizer(weights)).Message,
            StringComparison.Ordinal
        );
        File.Copy(
            SharedData.Path("weights", "stories260K", "tok512.bin"),
            Path.Combine(Folder, "tok512.bin")
        );
        Assert.Equal(512, ModelFiles.LoadTokenizer(weights).Pieces.Count);
    }

    [Fact]
    public void A_fault_in_json_is_one_sentence_with_its_place()
    {
        Write("cut.json", "{\n  \"a\":");
        var path = Path.Combine(Folder, "cut.json");
        var message = Assert.Throws<InputException>(() => ModelFiles.LoadTokenizer(path)).Message;
        Assert.Contains("no valid JSON", message, StringComparison.Ordinal);
        Assert.EndsWith("(line 2, byte 7).", message, StringComparison.Ordinal);
        Assert.DoesNotContain(". ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_without_a_tokenizer_is_refused()
    {
        Assert.Contains(
            "no tokenizer",
            Assert.Throws<InputException>(() => ModelFiles.LoadTokenizer(Folder)).Message,
            StringComparison.Ordinal
        );
        Write("empty", "");
        Assert.Throws<InputException>(() =>
            ModelFiles.LoadTokenizer(Path.Combine(Folder, "empty"))
        );
        Assert.Throws<InputException>(() =>
            ModelFiles.LoadTokenizer(Path.Combine(Folder, "absent"))
        );
        Write(
            "deep.json",
            new string('{', 100_000).Replace("{", "{\"a\":", StringComparison.Ordinal)
        );
        Assert.Throws<InputException>(() =>
            ModelFiles.LoadTokenizer(Path.Combine(Folder, "deep.json"))
        );
    }

    [Fact]
    public void A_llama2c_tokenizer_of_a_wrong_size_is_refused()
    {
        var bytes = File.ReadAllBytes(SharedData.Path("weights", "stories260K", "tok512.bin"));
        Assert.Equal(300, Llama2cTokenizerReader.Read(bytes, "t", 300).Pieces.Count);
        Assert.Throws<InputException>(() => Llama2cTokenizerReader.Read(bytes, "t", 513));
        Assert.Throws<InputException>(() => Llama2cTokenizerReader.Read(bytes.AsSpan(..^1), "t"));
        Assert.Throws<InputException>(() => Llama2cTokenizerReader.Read([1, 2, 3], "t"));
    }

    [Theory]
    [InlineData("weights/stories260K/stories260K.bin", 512)]
    [InlineData("weights/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf", 49152)]
    [InlineData("gguf-types/f32.gguf", 512)]
    public void A_model_brings_its_tokenizer(string path, int pieces)
    {
        using var model = ModelFiles.Open(SharedData.Path(path.Split('/')));
        Assert.Equal(pieces, model.Tokenizer!.Pieces.Count);
    }

    [Fact]
    public void The_template_of_the_default_model_is_there()
    {
        var data = ModelFiles.LoadTokenizer(OracleModels.PathOf("smollm2-135m-instruct"));
        Assert.Contains("<|im_start|>", data.ChatTemplate!, StringComparison.Ordinal);
        Assert.False(data.AddBos);
        Assert.Contains(2, data.EndIds);
    }

    private static JsonObject SentencePieceJson()
    {
        var data = SmallTokenizers.SentencePiece();
        var vocabulary = new JsonObject();
        for (var id = 0; id < data.Pieces.Count; id++)
        {
            vocabulary.Add(data.Pieces[id], id);
        }

        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(
                SmallTokenizers.Added(0, "<unk>", true),
                SmallTokenizers.Added(1, "<s>", true),
                SmallTokenizers.Added(2, "</s>", true)
            ),
            ["normalizer"] = JsonNode.Parse(
                """{"type":"Sequence","normalizers":[{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}"""
            ),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["byte_fallback"] = true,
                ["unk_token"] = "<unk>",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray("a b", "\u2581 a", "\u2581 ab"),
            },
        };
    }

    private void Write(string name, string text) =>
        File.WriteAllText(Path.Combine(Folder, name), text);

    private static void Refused(TokenizerData data, string named) =>
        Assert.Contains(
            named,
            Assert.Throws<InputException>(() => TokenizerFactory.Create(data)).Message,
            StringComparison.Ordinal
        );

    private static void GgufRefused(
        Dictionary<string, object> good,
        string key,
        object value,
        string named
    )
    {
        var changed = new Dictionary<string, object>(good) { [key] = value };
        var fault = Assert.Throws<InputException>(() =>
            GgufTokenizerReader.Read(new GgufMetadata(changed))
        );
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }
}

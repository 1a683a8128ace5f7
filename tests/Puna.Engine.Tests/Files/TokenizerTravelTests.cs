using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Puna.Engine.Files;
using Puna.Engine.Files.Models;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Plan;
using Puna.Engine.Tests.Text;
using Puna.Engine.Text;
using Puna.Engine.Text.PreTokenizers;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

/// <summary>Tokenizer and chat template on the way from GGUF to a Hugging Face folder and back.</summary>
public sealed class TokenizerTravelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Sets => ExpectedIds.Sets;

    public static TheoryData<string> Templates => ReferenceCases.Files("templates", "*.jinja");

    public static TheoryData<string> Models => OracleModels.All;

    [Theory]
    [MemberData(nameof(Sets))]
    public void Recorded_ids_are_the_same_in_every_form(string tokenizer, string set)
    {
        var data = ExpectedIds.Tokenizer(tokenizer).Data;
        var lines = ExpectedIds.Lines(set);
        Assert.NotEmpty(lines);
        foreach (var form in Travel(data))
        {
            Same(data, form);
            var built = TokenizerFactory.Create(form);
            foreach (var (text, ids) in lines)
            {
                Assert.Equal(ids, built.Encode(text));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    [Trait("reference", "weights")]
    public void Prompts_of_a_real_model_have_the_same_ids_in_every_form(string name)
    {
        var data = ModelFiles.LoadTokenizer(OracleModels.PathOf(name));
        using var oracle = ReferenceCases.Json("weights", name, "oracle.json");
        var rows = oracle.RootElement.GetProperty("greedy").EnumerateArray().ToArray();
        Assert.NotEmpty(rows);
        foreach (var form in Travel(data))
        {
            Same(data, form);
            var built = TokenizerFactory.Create(form);
            foreach (var row in rows)
            {
                var prompt = row.TryGetProperty("rendered", out var rendered)
                    ? rendered
                    : row.GetProperty("prompt");
                Assert.Equal(
                    ExpectedIds.Ids(row.GetProperty("prompt_ids")),
                    built.Encode(prompt.GetString()!)
                );
            }
        }
    }

    [Theory]
    [MemberData(nameof(Templates))]
    [Trait("reference", "templates")]
    public void Chat_templates_arrive_letter_by_letter(string name)
    {
        var template = Encoding.UTF8.GetString(SharedData.Bytes("templates", name));
        var data = SmallTokenizers.SentencePiece() with { ChatTemplate = template };
        Assert.All(Travel(data), form => Assert.Equal(template, form.ChatTemplate));
    }

    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("qwen2")]
    [InlineData("smollm")]
    [InlineData("default")]
    public void Every_pre_tokeniser_has_a_spelling_that_is_read_back(string name)
    {
        var data = SmallTokenizers.Data(SmallTokenizers.ByteLevelJson()) with
        {
            PreTokenizer = name,
            Nfc = name == "qwen2",
            IgnoreMerges = name == "llama-bpe",
            EosId = 261,
        };
        var expected = TokenizerFactory.Create(data);
        var random = new Random(5);
        var texts = Enumerable.Range(0, 50).Select(_ => SmallTokenizers.RandomText(random, 30));
        foreach (var form in Travel(data))
        {
            Same(data, form);
            Assert.Equal(name, form.PreTokenizer);
            Assert.Equal((data.Nfc, data.IgnoreMerges), (form.Nfc, form.IgnoreMerges));
            var built = TokenizerFactory.Create(form);
            Assert.All(texts, text => Assert.Equal(expected.Encode(text), built.Encode(text)));
        }
    }

    [Fact]
    public void Special_tokens_ends_and_blanks_arrive()
    {
        var data = SmallTokenizers.SentencePiece() with
        {
            AddBos = true,
            AddEos = true,
            RemoveExtraBlanks = true,
            EosId = 2,
            PadId = 260,
            EndIds = [5, 7],
        };
        foreach (var form in Travel(data))
        {
            Same(data, form);
            Assert.Equal((data.AddEos, data.PadId), (form.AddEos, form.PadId));
            Assert.Equal(data.RemoveExtraBlanks, form.RemoveExtraBlanks);
            var built = TokenizerFactory.Create(form);
            Assert.Equal(
                TokenizerFactory.Create(data).Encode("  a  ab \u2581"),
                built.Encode("  a  ab \u2581")
            );
        }
    }

    [Fact]
    public void A_character_map_arrives()
    {
        // A trie with the one key "A", whose replacement is "b".
        uint[] units = new uint[512];
        units[0] = 1 << 10;
        units[1 ^ 'A'] = 'A' | 0x100 | (2 << 10);
        units[(1 ^ 'A') ^ 2] = 0x80000000;
        byte[] map =
        [
            .. BitConverter.GetBytes(units.Length * 4),
            .. units.SelectMany(BitConverter.GetBytes),
            (byte)'b',
            0,
        ];
        var data = SmallTokenizers.SentencePiece() with { CharacterMap = map };
        Assert.Equal(
            TokenizerFactory.Create(data).Encode("b"),
            TokenizerFactory.Create(data).Encode("A")
        );
        Assert.All(Travel(data), form => Assert.Equal(map, form.CharacterMap.ToArray()));
    }

    [Fact]
    public void A_tokenizer_without_merges_arrives()
    {
        var path = _folder["new.gguf"];
        ModelAssert.Create("stories-260k", path, WeightFormats.F16, 1);
        var data = ModelFiles.LoadTokenizer(path);
        foreach (var form in Travel(data))
        {
            Same(data, form);
            Assert.Equal(
                TokenizerFactory.Create(data).Encode("Grüße w300"),
                TokenizerFactory.Create(form).Encode("Grüße w300")
            );
        }
    }

    [Fact]
    public void What_gguf_cannot_state_of_a_tokenizer_is_said()
    {
        using var model = Model(SmallTokenizers.SentencePiece());
        var flags = SmallTokenizers.SentencePiece() with
        {
            AddedTokens = [new AddedToken(2) { StripRight = true }],
            SpacePrefixFirstOnly = true,
            EndIds = [5, 7, 9],
            RemoveExtraBlanks = true,
        };
        var remarks = Convert(model, _folder["m.gguf"], flags).Remarks;
        Assert.Contains(
            remarks,
            remark => remark.Contains("blanks beside", StringComparison.Ordinal)
        );
        Assert.Contains(
            remarks,
            remark => remark.Contains("begins with none", StringComparison.Ordinal)
        );
        Assert.Contains(remarks, remark => remark.Contains("ids 9", StringComparison.Ordinal));
        Assert.Contains(
            remarks,
            remark => remark.Contains("extra blanks", StringComparison.Ordinal)
        );
        Assert.Empty(Convert(model, _folder["hf"], flags).Remarks);
    }

    [Fact]
    public void Rows_behind_the_vocabulary_get_names_that_stay_unused()
    {
        var data = SmallTokenizers.SentencePiece();
        using var model = Model(data, padding: 20);
        Convert(model, _folder["m.gguf"], data);
        using var padded = ModelFiles.Open(_folder["m.gguf"]);
        Assert.Equal(padded.Config.VocabularySize, padded.Tokenizer!.Pieces.Count);
        Assert.Equal(TokenType.Unused, padded.Tokenizer.Types[^1]);
        ModelAssert.Convert(padded, _folder["hf"], null);
        using var again = ModelFiles.Open(_folder["hf"]);
        Assert.Equal(data.Pieces, again.Tokenizer!.Pieces);
    }

    [Fact]
    public void A_folder_keeps_the_files_of_its_tokenizer_byte_for_byte()
    {
        string[] names =
        [
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "generation_config.json",
            "chat_template.jinja",
        ];
        using (var model = Model(SmallTokenizers.SentencePiece()))
        {
            Convert(model, _folder["hf"], SmallTokenizers.SentencePiece());
        }

        foreach (var name in names.Where(name => !File.Exists(_folder[$"hf/{name}"])))
        {
            File.WriteAllText(_folder[$"hf/{name}"], "{ }");
        }

        using var input = ModelFiles.Open(_folder["hf"]);
        ModelAssert.Convert(input, _folder["copy"], WeightFormats.F32);
        Assert.All(
            names,
            name =>
                Assert.Equal(
                    File.ReadAllBytes(_folder[$"hf/{name}"]),
                    File.ReadAllBytes(_folder[$"copy/{name}"])
                )
        );
    }

    [Fact]
    public void A_tokenizer_from_elsewhere_replaces_the_models_but_not_its_template_or_settings()
    {
        var own = SmallTokenizers.SentencePiece() with { ChatTemplate = "own" };
        using (var model = Model(own))
        {
            Convert(model, _folder["hf"], own);
            Convert(model, _folder["m.gguf"], own);
        }

        var generation = JsonNode.Parse(File.ReadAllBytes(_folder["hf/generation_config.json"]))!;
        generation["temperature"] = 0.25;
        File.WriteAllText(_folder["hf/generation_config.json"], generation.ToJsonString());
        string[] pieces = [.. own.Pieces];
        (pieces[^1], pieces[^2]) = (pieces[^2], pieces[^1]);
        var other = own with { Pieces = pieces, ChatTemplate = null, EndIds = [9] };
        foreach (var source in (string[])["hf", "m.gguf"])
        {
            foreach (var target in (string[])["t.gguf", "t"])
            {
                using var input = ModelFiles.Open(_folder[source]);
                Convert(input, _folder[target], other);
                using var output = ModelFiles.Open(_folder[target]);
                Same(other with { ChatTemplate = "own" }, output.Tokenizer!);
                Convert(input, _folder[target], other with { ChatTemplate = "new" });
                using var second = ModelFiles.Open(_folder[target]);
                Assert.Equal("new", second.Tokenizer!.ChatTemplate);
            }
        }

        using var settings = JsonDocument.Parse(
            File.ReadAllBytes(Rewritten("hf", other, "generation_config.json"))
        );
        Assert.Equal(0.25, settings.RootElement.GetProperty("temperature").GetDouble());
        Assert.Equal("[2,9]", Compact(settings.RootElement.GetProperty("eos_token_id")));
    }

    [Fact]
    public void An_old_template_beside_the_new_tokenizer_does_not_win()
    {
        var data = SmallTokenizers.SentencePiece() with { ChatTemplate = "new" };
        using var model = Model(data);
        Convert(model, _folder["hf"], data);
        File.WriteAllText(_folder["hf/chat_template.jinja"], "old");
        Convert(model, _folder["hf"], data);
        Assert.Equal("new", ModelFiles.LoadTokenizer(_folder["hf"]).ChatTemplate);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2000)]
    public void A_tokenizer_that_does_not_fit_the_embedding_is_refused(int padding)
    {
        var data = SmallTokenizers.SentencePiece();
        using var model = Model(data, padding);
        var sentence = ModelAssert.Sentence(() => Convert(model, _folder["m.gguf"], data));
        Assert.Contains($"{data.Pieces.Count} pieces", sentence, StringComparison.Ordinal);
        Assert.Contains($"{data.Pieces.Count + padding} rows", sentence, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["m.gguf"]));
    }

    [Fact]
    public void A_tokenizer_that_has_no_spelling_in_the_other_form_is_a_remark()
    {
        var data = SmallTokenizers.Data(SmallTokenizers.ByteLevelJson());
        using var model = Model(data);
        Convert(model, _folder["m.gguf"], data);
        var bytes = File.ReadAllBytes(_folder["m.gguf"]);
        var name = "tokenizer.ggml.pre"u8;
        var at = bytes.AsSpan().IndexOf(name) + name.Length + 4 + 8;
        "tekke"u8.CopyTo(bytes.AsSpan(at));
        File.WriteAllBytes(_folder["m.gguf"], bytes);
        using var unknown = ModelFiles.Open(_folder["m.gguf"]);
        var summary = ModelAssert.Convert(unknown, _folder["hf"], null);
        Assert.Contains(
            summary.Remarks,
            remark => remark.Contains("tekke", StringComparison.Ordinal)
        );
        Assert.False(File.Exists(_folder["hf/tokenizer.json"]));
        Assert.True(File.Exists(_folder["hf/model.safetensors"]));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Merges_join_what_scores_join(string tokenizer, string set)
    {
        var data = ExpectedIds.Tokenizer(tokenizer).Data;
        var form = TokenizerJsonReader.Read(TokenizerJsonWriter.Write(data), set);
        var (expected, built) = (TokenizerFactory.Create(data), TokenizerFactory.Create(form));
        var random = new Random(11);
        for (var round = 0; round < 300; round++)
        {
            var text = SmallTokenizers.RandomText(random, 40);
            Assert.Equal(expected.Encode(text), built.Encode(text));
        }
    }

    public void Dispose() => _folder.Dispose();

    private static string Compact(JsonElement value) =>
        JsonNode.Parse(value.GetRawText())!.ToJsonString();

    /// <summary>An end that the tokenizer's own file leaves open may be filled from the model's.</summary>
    private static void Same(TokenizerData expected, TokenizerData actual)
    {
        Assert.Equal(expected.Kind, actual.Kind);
        Assert.Equal(expected.Pieces, actual.Pieces);
        Assert.Equal(expected.ChatTemplate, actual.ChatTemplate);
        Assert.Equal(
            (
                expected.BosId,
                expected.EosId ?? actual.EosId,
                expected.AddBos,
                expected.AddSpacePrefix
            ),
            (actual.BosId, actual.EosId, actual.AddBos, actual.AddSpacePrefix)
        );
        Assert.Equal(Ends(expected), Ends(actual));
    }

    private static IEnumerable<int> Ends(TokenizerData data)
    {
        var built = TokenizerFactory.Create(data);
        return Enumerable.Range(0, data.Pieces.Count).Where(id => built.IsEnd(id));
    }

    private static ConversionSummary Convert(
        IModelFile input,
        string path,
        TokenizerData? tokenizer
    ) =>
        ModelConverter.Convert(
            input,
            path,
            new ConversionOptions { Tokenizer = tokenizer },
            cancellation: TestContext.Current.CancellationToken
        );

    /// <summary>A small model without a tokenizer of its own, with a row for each piece.</summary>
    private IModelFile Model(TokenizerData data, int padding = 0)
    {
        var shape = ModelShapes.Get("stories-260k") with
        {
            VocabularySize = data.Pieces.Count + padding,
            HiddenSize = 32,
            IntermediateSize = 32,
            Heads = 1,
            KvHeads = 1,
            HeadDim = 32,
            Layers = 1,
            BosId = data.BosId,
            EosIds = data.EosId is { } eos ? [eos] : [],
        };
        ModelCreator.Create(
            "tiny",
            shape,
            _folder["model"],
            WeightFormats.BF16,
            1,
            pool: null,
            progress: null,
            force: true,
            TestContext.Current.CancellationToken
        );
        return ModelFiles.Open(_folder["model"]);
    }

    /// <summary>The tokenizer in GGUF, from there in a folder, in GGUF again and in a folder again; and first in a folder.</summary>
    private List<TokenizerData> Travel(TokenizerData data)
    {
        var forms = new List<TokenizerData>();
        using (var model = Model(data))
        {
            Convert(model, _folder["0"], data);
            Convert(model, _folder["1.gguf"], data);
        }

        forms.Add(ModelFiles.LoadTokenizer(_folder["0"]));
        forms.Add(ModelFiles.LoadTokenizer(_folder["1.gguf"]));
        foreach (
            var (from, to) in new[]
            {
                ("0", "2.gguf"),
                ("1.gguf", "3"),
                ("3", "4.gguf"),
                ("4.gguf", "5"),
            }
        )
        {
            using var model = ModelFiles.Open(_folder[from]);
            Assert.DoesNotContain(
                ModelAssert.Convert(model, _folder[to], null).Remarks,
                remark => remark.Contains("GGUF", StringComparison.Ordinal)
            );
            forms.Add(ModelFiles.LoadTokenizer(_folder[to]));
        }

        return forms;
    }

    private string Rewritten(string source, TokenizerData tokenizer, string name)
    {
        using var input = ModelFiles.Open(_folder[source]);
        Convert(input, _folder["rewritten"], tokenizer);
        return _folder[$"rewritten/{name}"];
    }
}

using System.Text.Encodings.Web;
using System.Text.Json;
using Puna.Engine.Text;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// States a tokenizer as Hugging Face's tokenizer.json, the reverse of <see cref="TokenizerJsonReader"/>. Every piece
/// stands in the vocabulary of the model, added tokens too, so that each keeps its id in readers that count.
/// </summary>
internal sealed class TokenizerJsonWriter
{
    private static readonly JsonWriterOptions s_options = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly TokenizerData _tokenizer;
    private readonly Utf8JsonWriter _json;
    private readonly IReadOnlyList<string> _merges;
    private readonly bool _isByteLevel;

    private TokenizerJsonWriter(TokenizerData tokenizer, Utf8JsonWriter json)
    {
        _tokenizer = tokenizer;
        _json = json;
        _isByteLevel = tokenizer.Kind == TokenizerKind.ByteLevelBpe;
        _merges = _isByteLevel ? tokenizer.Merges : ScoreMerges.Merges(tokenizer);
    }

    /// <summary>Gives the bytes of the file.</summary>
    /// <exception cref="InputException">The pre-tokeniser has no known spelling in this form.</exception>
    public static byte[] Write(TokenizerData tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, s_options))
        {
            new TokenizerJsonWriter(tokenizer, json).Write();
        }

        return stream.ToArray();
    }

    private void Write()
    {
        _json.WriteStartObject();
        _json.WriteString("version", "1.0");
        _json.WriteNull("truncation");
        _json.WriteNull("padding");
        WriteAddedTokens();
        var steps = new TokenizerJsonStepsWriter(_tokenizer, _json);
        steps.WriteNormalizer();
        steps.WritePreTokenizer();
        WritePostProcessor();
        steps.WriteDecoder();
        WriteModel();
        _json.WriteEndObject();
    }

    private TokenType TypeOf(int id) =>
        _tokenizer.Types.Count == 0 ? TokenType.Normal : _tokenizer.Types[id];

    private void WriteAddedTokens()
    {
        var flags = _tokenizer.AddedTokens.ToDictionary(token => token.Id);
        _json.WriteStartArray("added_tokens");
        for (var id = 0; id < _tokenizer.Pieces.Count; id++)
        {
            var type = TypeOf(id);
            if (type is not (TokenType.Control or TokenType.Unknown or TokenType.UserDefined))
            {
                continue;
            }

            var token = flags.GetValueOrDefault(id) ?? new AddedToken(id);
            _json.WriteStartObject();
            _json.WriteNumber("id", id);
            _json.WriteString("content", Spelling(id));
            _json.WriteBoolean("single_word", token.SingleWord);
            _json.WriteBoolean("lstrip", token.StripLeft);
            _json.WriteBoolean("rstrip", token.StripRight);
            _json.WriteBoolean("normalized", token.Normalized);
            _json.WriteBoolean("special", type != TokenType.UserDefined);
            _json.WriteEndObject();
        }

        _json.WriteEndArray();
    }

    /// <summary>What is recognised in the text as it was given has blanks where SentencePiece writes meta-spaces.</summary>
    private string Spelling(int id) =>
        !_isByteLevel && TypeOf(id) == TokenType.UserDefined
            ? _tokenizer.Pieces[id].Replace(SentencePieceNormalizer.MetaSpace, ' ')
            : _tokenizer.Pieces[id];

    /// <summary>The template that puts the beginning of a sequence before each text, where the tokenizer asks for it.</summary>
    private void WritePostProcessor()
    {
        if (_tokenizer is not { AddBos: true, BosId: { } bos })
        {
            _json.WriteNull("post_processor");
            return;
        }

        var spelling = _tokenizer.Pieces[bos];
        _json.WriteStartObject("post_processor");
        Type("TemplateProcessing");
        _json.WriteStartArray("single");
        Item("SpecialToken", spelling, 0);
        Item("Sequence", "A", 0);
        _json.WriteEndArray();
        _json.WriteStartArray("pair");
        Item("SpecialToken", spelling, 0);
        Item("Sequence", "A", 0);
        Item("SpecialToken", spelling, 1);
        Item("Sequence", "B", 1);
        _json.WriteEndArray();
        _json.WriteStartObject("special_tokens");
        _json.WriteStartObject(spelling);
        _json.WriteString("id", spelling);
        _json.WriteStartArray("ids");
        _json.WriteNumberValue(bos);
        _json.WriteEndArray();
        _json.WriteStartArray("tokens");
        _json.WriteStringValue(spelling);
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void Item(string kind, string id, int type)
    {
        _json.WriteStartObject();
        _json.WriteStartObject(kind);
        _json.WriteString("id", id);
        _json.WriteNumber("type_id", type);
        _json.WriteEndObject();
        _json.WriteEndObject();
    }

    private void WriteModel()
    {
        _json.WriteStartObject("model");
        Type("BPE");
        _json.WriteNull("dropout");
        _json.WriteString(
            "unk_token",
            _tokenizer.UnknownId is { } unknown ? _tokenizer.Pieces[unknown] : null
        );
        _json.WriteNull("continuing_subword_prefix");
        _json.WriteNull("end_of_word_suffix");
        _json.WriteBoolean("fuse_unk", !_isByteLevel);
        _json.WriteBoolean("byte_fallback", _tokenizer.Types.Contains(TokenType.Byte));
        _json.WriteBoolean("ignore_merges", _tokenizer.IgnoreMerges);
        _json.WriteStartObject("vocab");
        for (var id = 0; id < _tokenizer.Pieces.Count; id++)
        {
            // An unused id stands for nothing: it is left out, and found again as a gap.
            if (TypeOf(id) != TokenType.Unused && _tokenizer.Pieces[id].Length > 0)
            {
                _json.WriteNumber(Spelling(id), id);
            }
        }

        _json.WriteEndObject();
        _json.WriteStartArray("merges");
        foreach (var merge in _merges)
        {
            _json.WriteStringValue(merge);
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
    }

    private void Type(string type) => _json.WriteString("type", type);
}

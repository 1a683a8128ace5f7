using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Puna.Engine.Plan;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// The files beside a tokenizer.json, the reverse of <see cref="TokenizerConfigReader"/>: tokenizer_config.json (special
/// tokens, chat template) and generation_config.json (all ids that end).
/// </summary>
internal static class TokenizerConfigWriter
{
    private static readonly JsonWriterOptions s_options = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The bytes of tokenizer_config.json.</summary>
    public static byte[] Settings(TokenizerData tokenizer, ModelConfig config)
    {
        var root = new JsonObject
        {
            ["add_bos_token"] = tokenizer.AddBos,
            ["add_eos_token"] = tokenizer.AddEos,
        };
        AddToken(root, "bos_token", tokenizer, Bos(tokenizer, config));
        AddToken(root, "eos_token", tokenizer, Eos(tokenizer, config));
        AddToken(root, "pad_token", tokenizer, tokenizer.PadId);
        AddToken(root, "unk_token", tokenizer, tokenizer.UnknownId);
        if (tokenizer.ChatTemplate is { } template)
        {
            root["chat_template"] = template;
        }

        root["clean_up_tokenization_spaces"] = false;
        root["model_max_length"] = config.ContextLength;

        // The class that takes tokenizer.json as it is.
        root["tokenizer_class"] = "PreTrainedTokenizerFast";
        return Bytes(root);
    }

    /// <summary>The bytes of generation_config.json, or null when nothing is known to end a text.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="config">The model's configuration.</param>
    /// <param name="existing">The path of a generation_config.json whose other settings are kept, or null.</param>
    /// <exception cref="InputException">The existing file is damaged.</exception>
    public static byte[]? Generation(TokenizerData tokenizer, ModelConfig config, string? existing)
    {
        var eos = Eos(tokenizer, config);
        int[] ends =
        [
            .. (eos is { } first ? [first] : Array.Empty<int>())
                .Union(tokenizer.EndIds)
                .Union(config.EosIds),
        ];
        if (ends.Length == 0)
        {
            return null;
        }

        var root = existing is null ? [] : Existing(existing);
        root["eos_token_id"] =
            ends.Length == 1 ? ends[0] : new JsonArray([.. ends.Select(id => (JsonNode)id)]);
        AddId(root, "bos_token_id", Bos(tokenizer, config));
        AddId(root, "pad_token_id", tokenizer.PadId);
        return Bytes(root);
    }

    private static int? Bos(TokenizerData tokenizer, ModelConfig config) =>
        tokenizer.BosId ?? config.BosId;

    private static int? Eos(TokenizerData tokenizer, ModelConfig config) =>
        tokenizer.EosId ?? (config.EosIds.Count > 0 ? config.EosIds[0] : null);

    private static void AddToken(JsonObject root, string name, TokenizerData tokenizer, int? id)
    {
        if (tokenizer.Spelling(id) is { Length: > 0 } spelling)
        {
            root[name] = spelling;
        }
    }

    private static void AddId(JsonObject root, string name, int? id)
    {
        if (id is { } value)
        {
            root[name] = value;
        }
    }

    private static JsonObject Existing(string path) =>
        TokenizerJsonFields.Read(
            TokenizerFiles.ReadAll(path),
            path,
            root => JsonObject.Create(root.Clone())!
        );

    private static byte[] Bytes(JsonObject root)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, s_options))
        {
            root.WriteTo(writer);
        }

        return stream.ToArray();
    }
}

using System.Text;
using System.Text.Json;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// The files beside a tokenizer in a Hugging Face folder: tokenizer_config.json and special_tokens_map.json (beginning
/// and end, add_bos_token, chat template), chat_template.jinja (wins), generation_config.json (all ids that end).
/// </summary>
internal static class TokenizerConfigReader
{
    /// <summary>The tokenizer with what those of the files that are there say.</summary>
    /// <exception cref="InputException">One of them is damaged.</exception>
    public static TokenizerData Apply(TokenizerData data, string folder)
    {
        data = Json(folder, "special_tokens_map.json", data, WithSpecialTokens);
        data = Json(folder, "tokenizer_config.json", data, WithConfig);
        data = Json(folder, "generation_config.json", data, WithGeneration);
        var template = Path.Combine(folder, "chat_template.jinja");
        return File.Exists(template)
            ? data with
            {
                ChatTemplate = Encoding.UTF8.GetString(TokenizerFiles.ReadAll(template)),
            }
            : data;
    }

    private static TokenizerData Json(
        string folder,
        string name,
        TokenizerData data,
        Func<TokenizerData, JsonElement, string, TokenizerData> apply
    )
    {
        var path = Path.Combine(folder, name);
        return File.Exists(path)
            ? TokenizerJsonFields.Read(
                TokenizerFiles.ReadAll(path),
                path,
                root => apply(data, root, path)
            )
            : data;
    }

    private static TokenizerData WithSpecialTokens(
        TokenizerData data,
        JsonElement root,
        string path
    ) =>
        data with
        {
            BosId = Token(data, root, "bos_token") ?? data.BosId,
            EosId = Token(data, root, "eos_token") ?? data.EosId,
            PadId = Token(data, root, "pad_token") ?? data.PadId,
        };

    private static TokenizerData WithConfig(TokenizerData data, JsonElement root, string path)
    {
        data = WithSpecialTokens(data, root, path);
        var addBos = root.Flag("add_bos_token") ?? data.AddBos;
        return data with
        {
            AddBos = addBos && data.BosId is not null,
            AddEos = root.Flag("add_eos_token") ?? data.AddEos,
            ChatTemplate = Template(root, path) ?? data.ChatTemplate,
        };
    }

    private static TokenizerData WithGeneration(TokenizerData data, JsonElement root, string path)
    {
        if (root.Field("eos_token_id") is not { } ends)
        {
            return data;
        }

        var ids =
            ends.ValueKind == JsonValueKind.Array
                ? ends.EnumerateArray().Select(end => end.Id(path, "an end of generation"))
                : [ends.Id(path, "the end of generation")];

        // Ids of padding rows behind the vocabulary are never produced as text; they are no fault of the tokenizer.
        return data with
        {
            EndIds = [.. data.EndIds.Concat(ids).Where(id => id < data.Pieces.Count).Distinct()],
        };
    }

    /// <summary>A special token's id, from its spelling or from an object with its content.</summary>
    private static int? Token(TokenizerData data, JsonElement root, string name)
    {
        var spelling = root.Text(name) ?? root.Field(name)?.Text("content");
        if (spelling is null)
        {
            return null;
        }

        for (var id = data.Pieces.Count - 1; id >= 0; id--)
        {
            if (data.Pieces[id] == spelling)
            {
                return id;
            }
        }

        return null;
    }

    /// <summary>The chat template, or of several named ones the one called default.</summary>
    private static string? Template(JsonElement root, string path)
    {
        if (root.Field("chat_template") is not { } template)
        {
            return null;
        }

        if (template.ValueKind == JsonValueKind.String)
        {
            return template.GetString();
        }

        var named = root.Items("chat_template", path)
            .FirstOrDefault(one => one.Text("name") == "default");
        return named.ValueKind == JsonValueKind.Object ? named.Text("template") : null;
    }
}

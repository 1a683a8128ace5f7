using System.Text.Json;
using Puna.Engine.Text;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// Hugging Face's tokenizer.json with a BPE model: byte-level (GPT-2, Llama 3, Qwen, SmolLM), or SentencePiece-like
/// with byte fall-back (Llama 2, Mistral). What it cannot honour it refuses by name.
/// </summary>
internal static class TokenizerJsonReader
{
    /// <summary>Ids may lie this far behind the number of pieces, so that a damaged id cannot ask for gigabytes.</summary>
    private const int LargestGap = 65536;

    /// <summary>Reads one tokenizer.json; the files beside it are <see cref="TokenizerConfigReader"/>'s.</summary>
    /// <param name="json">The bytes of the file.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <exception cref="InputException">The file is damaged, or asks for what cannot be honoured.</exception>
    public static TokenizerData Read(ReadOnlyMemory<byte> json, string path) =>
        TokenizerJsonFields.Read(json, path, root => Read(root, path));

    private static TokenizerData Read(JsonElement root, string path)
    {
        var model =
            root.Field("model")
            ?? throw new InputException($"'{path}' has no 'model'; a tokenizer.json needs one.");
        RequireBpe(model, path);
        var steps = TokenizerJsonSteps.Read(root, model, path);
        var (pieces, types) = Pieces(root, model, path, steps.Kind);
        var ids = new Dictionary<string, int>(pieces.Length, StringComparer.Ordinal);
        for (var id = 0; id < pieces.Length; id++)
        {
            ids.TryAdd(pieces[id], id);
        }

        int? unknown =
            model.Text("unk_token") is { Length: > 0 } spelling
            && ids.TryGetValue(spelling, out var unknownId)
                ? unknownId
                : null;
        if (unknown is { } known)
        {
            types[known] = TokenType.Unknown;
        }

        var bos =
            BosOfTemplate(root, path) is { } text && ids.TryGetValue(text, out var bosId)
                ? bosId
                : (int?)null;
        return new TokenizerData
        {
            Kind = steps.Kind,
            Pieces = pieces,
            Types = types,
            AddedTokens = AddedTokens(root, path),
            Merges = [.. model.Items("merges", path).Select(merge => Merge(merge, path))],
            PreTokenizer = steps.PreTokenizer,
            AddSpacePrefix = steps.AddSpacePrefix,
            SpacePrefixFirstOnly = steps.SpacePrefixFirstOnly,
            SpacePrefixUnlessBlank = steps.SpacePrefixUnlessBlank,
            SplitAtBlanks = steps.SplitAtBlanks,
            RemoveExtraBlanks = steps.RemoveExtraBlanks,
            CharacterMap = steps.CharacterMap,
            Nfc = steps.Nfc,
            IgnoreMerges = model.Flag("ignore_merges") ?? false,
            UnknownId = unknown,
            BosId = bos,
            AddBos = bos is not null,
            EndIds = [.. EndTokens.In(pieces, types)],
        };
    }

    private static void RequireBpe(JsonElement model, string path)
    {
        var type = model.Text("type") ?? (model.Field("merges") is null ? "none" : "BPE");
        if (type != "BPE")
        {
            throw new InputException(
                $"'{path}' has a model of the kind '{type}'; only BPE can be read."
            );
        }

        foreach (var name in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (model.Text(name) is { Length: > 0 } text)
            {
                throw new InputException(
                    $"'{path}' sets '{name}' to '{text}'; only BPE without it can be read."
                );
            }
        }
    }

    private static (string[] Pieces, TokenType[] Types) Pieces(
        JsonElement root,
        JsonElement model,
        string path,
        TokenizerKind kind
    )
    {
        var vocabulary = model.Field("vocab");
        if (vocabulary is not { ValueKind: JsonValueKind.Object } map)
        {
            throw new InputException($"'{path}' has no object 'vocab' in its model.");
        }

        var entries = new List<(string Piece, int Id, TokenType Type)>();
        foreach (var entry in map.EnumerateObject())
        {
            var isByte =
                kind == TokenizerKind.SentencePieceBpe && Vocabulary.ByteValue(entry.Name) >= 0;
            entries.Add(
                (
                    entry.Name,
                    entry.Value.Id(path, $"the piece '{entry.Name}'"),
                    isByte ? TokenType.Byte : TokenType.Normal
                )
            );
        }

        foreach (var token in root.Items("added_tokens", path))
        {
            var special = token.Flag("special") ?? false;
            entries.Add(
                (
                    token.Text("content") ?? string.Empty,
                    TokenId(token, path),
                    special ? TokenType.Control : TokenType.UserDefined
                )
            );
        }

        return Place(entries, path);
    }

    /// <summary>Puts every piece at its id. An added token may repeat a piece of the vocabulary, at the same id.</summary>
    private static (string[] Pieces, TokenType[] Types) Place(
        List<(string Piece, int Id, TokenType Type)> entries,
        string path
    )
    {
        var count = entries.Count == 0 ? 0 : entries.Max(entry => entry.Id) + 1L;
        if (count > entries.Count + (long)LargestGap)
        {
            throw new InputException(
                $"'{path}' has an id of {count - 1} among {entries.Count} pieces; at most {LargestGap} ids without a piece are accepted."
            );
        }

        var pieces = new string[count];
        var types = new TokenType[count];
        Array.Fill(pieces, string.Empty);
        Array.Fill(types, TokenType.Unused);
        foreach (var (piece, id, type) in entries)
        {
            if (pieces[id].Length > 0 && pieces[id] != piece)
            {
                throw new InputException(
                    $"'{path}' gives the id {id} to both '{pieces[id]}' and '{piece}'; an id may stand for one piece."
                );
            }

            pieces[id] = piece;
            types[id] = type;
        }

        return (pieces, types);
    }

    private static List<AddedToken> AddedTokens(JsonElement root, string path)
    {
        var tokens = new List<AddedToken>();
        foreach (var token in root.Items("added_tokens", path))
        {
            tokens.Add(
                new AddedToken(TokenId(token, path))
                {
                    StripLeft = token.Flag("lstrip") ?? false,
                    StripRight = token.Flag("rstrip") ?? false,
                    SingleWord = token.Flag("single_word") ?? false,
                    Normalized = token.Flag("normalized") ?? false,
                }
            );
        }

        return tokens;
    }

    private static int TokenId(JsonElement token, string path) =>
        (
            token.Field("id") ?? throw new InputException($"'{path}' adds a token without an 'id'.")
        ).Id(path, $"the added token '{token.Text("content")}'");

    /// <summary>A merge as "left right" from a text or a list of two.</summary>
    private static string Merge(JsonElement merge, string path)
    {
        if (merge.ValueKind == JsonValueKind.String)
        {
            return merge.GetString()!;
        }

        if (
            merge.ValueKind == JsonValueKind.Array
            && merge.GetArrayLength() == 2
            && merge[0].ValueKind == JsonValueKind.String
            && merge[1].ValueKind == JsonValueKind.String
        )
        {
            return $"{merge[0].GetString()} {merge[1].GetString()}";
        }

        throw new InputException(
            $"'{path}' has the merge {TokenizerJsonFields.Short(merge)}; a text or a list of two texts is needed."
        );
    }

    /// <summary>The special token that the post-processor's template puts before a single sequence, if it does.</summary>
    private static string? BosOfTemplate(JsonElement root, string path)
    {
        if (root.Field("post_processor") is not { } processor)
        {
            return null;
        }

        var processors =
            processor.Text("type") == "Sequence"
                ? processor.Items("processors", path)
                : [processor];
        var first = processors
            .Where(one => one.Text("type") == "TemplateProcessing")
            .SelectMany(one => one.Items("single", path))
            .FirstOrDefault();
        return first.ValueKind == JsonValueKind.Object
            ? first.Field("SpecialToken")?.Text("id")
            : null;
    }
}

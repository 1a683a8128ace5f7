using System.Text;
using System.Text.Json.Nodes;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Text;

namespace Puna.Engine.Tests.Text;

/// <summary>Tiny tokenizers made in the tests, so that they need no data and can be broken at will.</summary>
internal static class SmallTokenizers
{
    /// <summary>All 256 bytes, "he", "ll", "hell", "hello" and " hello", and three added tokens.</summary>
    public static JsonObject ByteLevelJson()
    {
        var vocabulary = new JsonObject();
        for (var value = 0; value < 256; value++)
        {
            vocabulary.Add(ByteLevelAlphabet.Character((byte)value).ToString(), value);
        }

        foreach (var piece in new[] { "he", "ll", "hell", "hello", "\u0120hello" })
        {
            vocabulary.Add(piece, vocabulary.Count);
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(
                Added(261, "<|end|>", special: true),
                Added(262, "<tool>", special: false),
                Added(263, "<tool>s", special: false)
            ),
            ["normalizer"] = new JsonObject { ["type"] = "NFC" },
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "ByteLevel",
                ["add_prefix_space"] = false,
                ["use_regex"] = true,
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray(
                    "h e",
                    "l l",
                    new JsonArray("he", "ll"),
                    "hell o",
                    "\u0120 hello"
                ),
            },
        };
    }

    public static JsonObject Added(int id, string content, bool special, string? flag = null)
    {
        var token = new JsonObject
        {
            ["id"] = id,
            ["content"] = content,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = special,
        };
        if (flag is not null)
        {
            token[flag] = true;
        }

        return token;
    }

    public static TokenizerData Data(JsonObject json) =>
        TokenizerJsonReader.Read(Encoding.UTF8.GetBytes(json.ToJsonString()), "tokenizer.json");

    public static ITokenizer ByteLevel() => TokenizerFactory.Create(Data(ByteLevelJson()));

    /// <summary>SentencePiece: unknown, two controls, all bytes, and a few pieces with scores.</summary>
    public static TokenizerData SentencePiece(bool bytes = true)
    {
        var pieces = new List<string> { "<unk>", "<s>", "</s>" };
        var types = new List<TokenType> { TokenType.Unknown, TokenType.Control, TokenType.Control };
        for (var value = 0; bytes && value < 256; value++)
        {
            pieces.Add($"<0x{value:X2}>");
            types.Add(TokenType.Byte);
        }

        foreach (
            var piece in new[] { "\u2581", "a", "b", "ab", "\u2581a", "\u2581ab", "aa", "aaaa" }
        )
        {
            pieces.Add(piece);
            types.Add(TokenType.Normal);
        }

        return new TokenizerData
        {
            Kind = TokenizerKind.SentencePieceBpe,
            Pieces = pieces,
            Types = types,
            Scores = [.. Enumerable.Range(0, pieces.Count).Select(id => -(float)id)],
            AddSpacePrefix = true,
            UnknownId = 0,
            BosId = 1,
            EosId = 2,
        };
    }

    /// <summary>Random well-formed text over all planes, with many blanks, digits, marks and astral letters.</summary>
    public static string RandomText(Random random, int length)
    {
        string[] bits =
        [
            " ",
            "  ",
            "\n",
            "\r\n",
            "\t",
            "\u00a0",
            "\u3000",
            "'s",
            "'LL",
            "123",
            "\u0663",
            "\u216b",
            "hello",
            "World",
            "e\u0301",
            "\uac01",
            "\ud83d\ude00",
            "\ud835\udc9c",
            "\ud842\udfb7",
            "...",
            "<",
            "|",
        ];
        var text = new StringBuilder();
        for (var i = 0; i < length; i++)
        {
            if (random.Next(3) > 0)
            {
                text.Append(bits[random.Next(bits.Length)]);
                continue;
            }

            var value = random.Next(random.Next(4) == 0 ? 0x110000 : 0x3000);
            text.Append(Rune.IsValid(value) ? new Rune(value).ToString() : "?");
        }

        return text.ToString();
    }
}

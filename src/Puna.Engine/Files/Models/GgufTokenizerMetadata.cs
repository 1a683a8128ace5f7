using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Tokenizers;
using Puna.Engine.Plan;
using Puna.Engine.Text;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Files.Models;

/// <summary>States a tokenizer in GGUF metadata as llama.cpp reads it, the reverse of <see cref="GgufTokenizerReader"/>.</summary>
internal static class GgufTokenizerMetadata
{
    /// <summary>Keys that name further ends of a turn, beside eos; the spellings of the usual ones tell by themselves.</summary>
    private static readonly string[] s_ends = ["eot", "eom"];

    /// <summary>Adds a tokenizer and its chat template; null writes a model without a vocabulary.</summary>
    /// <returns>What of it GGUF cannot state, in sentences for the user.</returns>
    public static IReadOnlyList<string> Add(
        GgufWriter writer,
        TokenizerData? tokenizer,
        ModelConfig config
    )
    {
        if (tokenizer is null)
        {
            writer.Add("tokenizer.ggml.model", "none");
            return ["The model has no tokenizer, so the file has none either: it takes ids only."];
        }

        var remarks = Limits(tokenizer);
        var isSentencePiece = tokenizer.Kind == TokenizerKind.SentencePieceBpe;
        writer.Add("tokenizer.ggml.model", isSentencePiece ? "llama" : "gpt2");
        writer.Add("tokenizer.ggml.pre", tokenizer.PreTokenizer ?? "default");

        // llama.cpp wants as many pieces as the embedding has rows, each different.
        var count = Math.Max(tokenizer.Pieces.Count, config.VocabularySize);
        writer.Add("tokenizer.ggml.tokens", Pieces(tokenizer, count));
        if (isSentencePiece)
        {
            float[] scores =
            [
                .. ScoreMerges.Scores(tokenizer),
                .. new float[count - tokenizer.Pieces.Count],
            ];
            writer.Add("tokenizer.ggml.scores", scores);
            AddNormalizer(writer, tokenizer, remarks);
        }
        else
        {
            writer.Add("tokenizer.ggml.merges", tokenizer.Merges);
        }

        writer.Add("tokenizer.ggml.token_type", Types(tokenizer, count));
        AddIds(writer, tokenizer, config, remarks);
        writer.Add("tokenizer.ggml.add_bos_token", tokenizer.AddBos);
        if (tokenizer.AddEos)
        {
            writer.Add("tokenizer.ggml.add_eos_token", true);
        }

        if (tokenizer.ChatTemplate is { } template)
        {
            writer.Add("tokenizer.chat_template", template);
        }

        return remarks;
    }

    private static void AddNormalizer(
        GgufWriter writer,
        TokenizerData tokenizer,
        List<string> remarks
    )
    {
        writer.Add("tokenizer.ggml.add_space_prefix", tokenizer.AddSpacePrefix);
        if (tokenizer.RemoveExtraBlanks)
        {
            writer.Add("tokenizer.ggml.remove_extra_whitespaces", true);
            remarks.Add(
                "That the tokenizer removes extra blanks is stated in the file, but llama.cpp does not read it for this kind: its ids of texts with some differ."
            );
        }

        if (!tokenizer.CharacterMap.IsEmpty)
        {
            writer.Add("tokenizer.ggml.precompiled_charsmap", tokenizer.CharacterMap.Span);
            remarks.Add(
                "The tokenizer's map of characters is in the file, but llama.cpp does not read it for this kind: its ids of texts with such characters differ."
            );
        }
    }

    /// <summary>The ids of the special tokens; what the tokenizer's own files leave open, the model's configuration tells.</summary>
    private static void AddIds(
        GgufWriter writer,
        TokenizerData tokenizer,
        ModelConfig config,
        List<string> remarks
    )
    {
        var eos = tokenizer.EosId ?? (config.EosIds.Count > 0 ? config.EosIds[0] : null);
        AddId(writer, "bos", tokenizer.BosId ?? config.BosId);
        AddId(writer, "eos", eos);
        AddId(writer, "unknown", tokenizer.UnknownId);
        AddId(writer, "padding", tokenizer.PadId);
        int[] ends =
        [
            .. tokenizer
                .EndIds.Union(config.EosIds)
                .Except(EndTokens.In(tokenizer.Pieces, tokenizer.Types))
                .Where(id => id != eos),
        ];
        foreach (var (name, id) in s_ends.Zip(ends))
        {
            AddId(writer, name, id);
        }

        if (ends.Length > s_ends.Length)
        {
            remarks.Add(
                $"The ids {string.Join(", ", ends.Skip(s_ends.Length))} end a text too, which GGUF has no key for."
            );
        }
    }

    private static void AddId(GgufWriter writer, string name, int? id)
    {
        if (id is { } value)
        {
            writer.Add($"tokenizer.ggml.{name}_token_id", (uint)value);
        }
    }

    /// <summary>Ids that nothing stands for get a name of their own, as llama.cpp's converter gives them.</summary>
    private static string[] Pieces(TokenizerData tokenizer, int count)
    {
        var pieces = new string[count];
        for (var id = 0; id < count; id++)
        {
            pieces[id] =
                id < tokenizer.Pieces.Count && tokenizer.Pieces[id].Length > 0
                    ? tokenizer.Pieces[id]
                    : $"[PAD{id}]";
        }

        return pieces;
    }

    private static int[] Types(TokenizerData tokenizer, int count)
    {
        var types = new int[count];
        for (var id = 0; id < count; id++)
        {
            types[id] = (int)(
                id >= tokenizer.Pieces.Count ? TokenType.Unused
                : id < tokenizer.Types.Count ? tokenizer.Types[id]
                : TokenType.Normal
            );
        }

        return types;
    }

    /// <summary>What GGUF has no key for, or lets follow from the name of the pre-tokeniser.</summary>
    private static List<string> Limits(TokenizerData tokenizer)
    {
        var limits = new List<string>();
        if (
            tokenizer.AddedTokens.Any(token =>
                token.StripLeft || token.StripRight || token.SingleWord
            )
        )
        {
            limits.Add("that added tokens take blanks beside them, or stand between blanks only");
        }

        if (
            tokenizer.AddSpacePrefix
            && (tokenizer.SpacePrefixFirstOnly || tokenizer.SpacePrefixUnlessBlank)
        )
        {
            limits.Add("that a blank is put only before a text that begins with none");
        }

        if (tokenizer.SplitAtBlanks)
        {
            limits.Add("that no piece reaches over a blank");
        }

        if (tokenizer.Kind == TokenizerKind.ByteLevelBpe)
        {
            var implied = GgufTokenizerReader.Implied(tokenizer.PreTokenizer ?? "default");
            if (tokenizer.IgnoreMerges != implied.IgnoreMerges)
            {
                limits.Add("whether words that are a piece are taken without merging");
            }

            if (tokenizer.Nfc != implied.Nfc)
            {
                limits.Add("whether a text is normalised to NFC first");
            }
        }

        return limits.Count == 0
            ? []
            :
            [
                $"GGUF cannot state of this tokenizer {string.Join(", nor ", limits)}; some texts get other ids.",
            ];
    }
}

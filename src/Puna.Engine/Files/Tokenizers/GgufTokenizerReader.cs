using Puna.Engine.Files.Gguf;
using Puna.Engine.Text;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// The tokenizer in GGUF metadata (keys <c>tokenizer.ggml.*</c>): model <c>llama</c> is SentencePiece BPE, model
/// <c>gpt2</c> byte-level BPE. What a file leaves out has llama.cpp's defaults.
/// </summary>
internal static class GgufTokenizerReader
{
    private const string Prefix = "tokenizer.ggml.";
    private static readonly string[] EndKeys = ["eos", "eot", "eom"];

    /// <summary>Reads it, or gives null when the file has no tokenizer.</summary>
    /// <exception cref="InputException">A value is missing, of another kind, or cannot be honoured.</exception>
    public static TokenizerData? Read(ITokenizerMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var model = metadata.Text(Prefix + "model");
        if (model is null or "none" or "no_vocab")
        {
            return null;
        }

        var kind = model switch
        {
            "llama" => TokenizerKind.SentencePieceBpe,
            "gpt2" => TokenizerKind.ByteLevelBpe,
            _ => throw new InputException(
                $"'{metadata.Path}' has a tokenizer of the kind '{model}'; 'llama' (SentencePiece BPE) and 'gpt2' (byte-level BPE) can be read."
            ),
        };
        var pieces =
            metadata.Texts(Prefix + "tokens")
            ?? throw new InputException(
                $"'{metadata.Path}' lacks the metadata '{Prefix}tokens', the pieces of its tokenizer."
            );
        var types = Types(metadata);
        var data = new TokenizerData
        {
            Kind = kind,
            Pieces = pieces,
            Types = types,
            BosId = Id(metadata, "bos"),
            EosId = Id(metadata, "eos"),
            UnknownId = Id(metadata, "unknown"),
            PadId =
                Id(metadata, "padding") is { } padding && padding < pieces.Length ? padding : null,
            AddEos = metadata.Flag(Prefix + "add_eos_token") ?? false,
            ChatTemplate = metadata.Text("tokenizer.chat_template"),
            EndIds =
            [
                .. EndKeys
                    .Select(key => Id(metadata, key))
                    .OfType<int>()
                    .Concat(EndTokens.In(pieces, types))
                    .Distinct(),
            ],
        };
        return kind == TokenizerKind.SentencePieceBpe
            ? SentencePiece(metadata, data)
            : ByteLevel(metadata, data);
    }

    private static TokenizerData SentencePiece(ITokenizerMetadata metadata, TokenizerData data) =>
        data with
        {
            Scores =
                metadata.Numbers(Prefix + "scores")
                ?? throw new InputException(
                    $"'{metadata.Path}' lacks the metadata '{Prefix}scores', by which the pieces of its tokenizer are joined."
                ),
            CharacterMap = CharacterMap(metadata),
            AddSpacePrefix = metadata.Flag(Prefix + "add_space_prefix") ?? true,
            RemoveExtraBlanks = metadata.Flag(Prefix + "remove_extra_whitespaces") ?? false,
            AddBos = metadata.Flag(Prefix + "add_bos_token") ?? true,
            BosId = data.BosId ?? 1,
            EosId = data.EosId ?? 2,
            UnknownId = data.UnknownId ?? 0,
        };

    /// <summary>
    /// Two facts that GGUF does not state follow from the pre-tokeniser: Llama 3's takes whole pieces without merging,
    /// and Qwen 2's normalises to NFC, as their tokenizer.json say.
    /// </summary>
    public static (bool IgnoreMerges, bool Nfc) Implied(string preTokenizer) =>
        (preTokenizer is "llama-bpe" or "llama3" or "llama-v3", preTokenizer == "qwen2");

    /// <summary>
    /// The unknown token of these files is a padding or end token of the model's configuration; their BPE itself has none.
    /// </summary>
    private static TokenizerData ByteLevel(ITokenizerMetadata metadata, TokenizerData data)
    {
        var name = metadata.Text(Prefix + "pre") ?? "default";
        var (ignoreMerges, nfc) = Implied(name);
        return data with
        {
            PreTokenizer = name,
            Merges = metadata.Texts(Prefix + "merges") ?? [],
            AddBos = metadata.Flag(Prefix + "add_bos_token") ?? ignoreMerges,
            IgnoreMerges = ignoreMerges,
            Nfc = nfc,
            UnknownId = null,
        };
    }

    private static byte[] CharacterMap(ITokenizerMetadata metadata) =>
        [
            .. (metadata.Integers(Prefix + "precompiled_charsmap") ?? []).Select(value =>
                unchecked((byte)value)
            ),
        ];

    private static TokenType[] Types(ITokenizerMetadata metadata)
    {
        var numbers = metadata.Integers(Prefix + "token_type") ?? [];
        var types = new TokenType[numbers.Length];
        for (var id = 0; id < types.Length; id++)
        {
            types[id] = numbers[id] is >= (int)TokenType.Normal and <= (int)TokenType.Byte
                ? (TokenType)numbers[id]
                : throw new InputException(
                    $"'{metadata.Path}' gives token {id} the type {numbers[id]}; 1 to 6 are known."
                );
        }

        return types;
    }

    private static int? Id(ITokenizerMetadata metadata, string name) =>
        metadata.Integer($"{Prefix}{name}_token_id") switch
        {
            null => null,
            >= 0 and <= int.MaxValue and var id => (int)id,
            // Writers put -1 or 2^32 - 1 where there is none.
            -1 or uint.MaxValue => null,
            var id => throw new InputException(
                $"'{metadata.Path}' gives its {name} token the id {id}, which no vocabulary has."
            ),
        };
}

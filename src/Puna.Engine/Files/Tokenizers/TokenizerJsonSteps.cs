using System.Text.Json;
using Puna.Engine.Text;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// What the normalizer and the pre_tokenizer of a tokenizer.json ask for, in our terms. Their patterns are known by
/// their exact text, never interpreted; anything else is refused with its name.
/// </summary>
internal sealed record TokenizerJsonSteps
{
    /// <summary>Blanks at both ends, and a meta-space at the end, which counts as one there.</summary>
    public const string OuterBlanks = "(?<![\\s\\S]) +|[ \u2581]+(?![\\s\\S])";

    /// <summary>Several blanks in a row.</summary>
    public const string SeveralBlanks = " {2,}";

    public TokenizerKind Kind { get; private init; } = TokenizerKind.SentencePieceBpe;

    public string? PreTokenizer { get; private init; }

    public bool AddSpacePrefix { get; private init; }

    public bool SpacePrefixFirstOnly { get; private init; }

    public bool SpacePrefixUnlessBlank { get; private init; }

    public bool SplitAtBlanks { get; private init; }

    public bool Nfc { get; private init; }

    public bool RemoveExtraBlanks => BlanksTrimmed && BlanksJoined;

    public ReadOnlyMemory<byte> CharacterMap { get; private init; }

    private bool BlanksReplaced { get; init; }

    private bool BlanksTrimmed { get; init; }

    private bool BlanksJoined { get; init; }

    private bool RewritesBlanks =>
        BlanksReplaced || AddSpacePrefix || BlanksTrimmed || BlanksJoined || !CharacterMap.IsEmpty;

    /// <summary>Reads both.</summary>
    /// <exception cref="InputException">A step is unknown, or the steps together are.</exception>
    public static TokenizerJsonSteps Read(JsonElement root, JsonElement model, string path)
    {
        var steps = new TokenizerJsonSteps();
        foreach (var normalizer in Flat(root, "normalizer", "normalizers", path))
        {
            steps = steps.WithNormalizer(normalizer, path);
        }

        var splits = Flat(root, "pre_tokenizer", "pretokenizers", path).ToList();
        if (splits.Exists(split => split.Text("type") == "ByteLevel"))
        {
            if (steps.RewritesBlanks)
            {
                throw new InputException(
                    $"'{path}' has a byte-level pre-tokeniser and a normaliser that rewrites characters; only one of the two can be read."
                );
            }

            return steps with
            {
                Kind = TokenizerKind.ByteLevelBpe,
                PreTokenizer = ByteLevel(splits, path),
            };
        }

        foreach (var split in splits)
        {
            steps = steps.WithSplit(split, path);
        }

        if (
            !steps.BlanksReplaced
            || steps.BlanksTrimmed != steps.BlanksJoined
            || steps.Nfc
            || model.Flag("ignore_merges") == true
        )
        {
            throw new InputException(
                $"'{path}' is neither byte-level nor writes blanks as the meta-space alone; only these two kinds of BPE can be read."
            );
        }

        return steps;
    }

    /// <summary>One step, or those of a sequence, which may hold sequences.</summary>
    private static IEnumerable<JsonElement> Flat(
        JsonElement owner,
        string name,
        string list,
        string path
    ) => owner.Field(name) is { } step ? Flat(step, list, path) : [];

    private static IEnumerable<JsonElement> Flat(JsonElement step, string list, string path) =>
        step.Text("type") == "Sequence"
            ? step.Items(list, path).SelectMany(one => Flat(one, list, path))
            : [step];

    private TokenizerJsonSteps WithNormalizer(JsonElement normalizer, string path) =>
        normalizer.Text("type") switch
        {
            "NFC" => this with { Nfc = true },
            "Precompiled" => this with { CharacterMap = Map(normalizer, path) },
            "Prepend" when normalizer.Text("prepend") == "\u2581" => this with
            {
                AddSpacePrefix = true,
            },
            "Replace" => Replaced(normalizer) ?? throw UnknownNormalizer(normalizer, path),
            _ => throw UnknownNormalizer(normalizer, path),
        };

    private TokenizerJsonSteps? Replaced(JsonElement normalizer)
    {
        var pattern = normalizer.Field("pattern");
        return (pattern?.Text("String"), pattern?.Text("Regex"), normalizer.Text("content")) switch
        {
            (" ", null, "\u2581") => this with { BlanksReplaced = true },
            (null, OuterBlanks, "") => this with { BlanksTrimmed = true },
            (null, SeveralBlanks, " ") => this with { BlanksJoined = true },
            _ => null,
        };
    }

    private static byte[] Map(JsonElement normalizer, string path) =>
        normalizer.Field("precompiled_charsmap") is { ValueKind: JsonValueKind.String } text
        && text.TryGetBytesFromBase64(out var map)
            ? map
            : throw new InputException(
                $"'{path}' has a Precompiled normaliser whose 'precompiled_charsmap' is no base64."
            );

    private static InputException UnknownNormalizer(JsonElement normalizer, string path) =>
        new(
            $"'{path}' has the normaliser {TokenizerJsonFields.Short(normalizer)}; known are NFC, Precompiled, a Prepend and Replace of blanks by the meta-space, and the removal of extra blanks."
        );

    private TokenizerJsonSteps WithSplit(JsonElement split, string path)
    {
        switch (split.Text("type"))
        {
            case "Metaspace" when (split.Text("replacement") ?? "\u2581") == "\u2581":
                var scheme =
                    split.Text("prepend_scheme")
                    ?? (split.Flag("add_prefix_space") ?? true ? "always" : "never");
                return this with
                {
                    BlanksReplaced = true,
                    AddSpacePrefix = AddSpacePrefix || scheme != "never",
                    SpacePrefixFirstOnly = !AddSpacePrefix && scheme == "first",
                    SpacePrefixUnlessBlank = !AddSpacePrefix,
                    SplitAtBlanks = split.Flag("split") ?? true,
                };

            // After the blanks were replaced there is none left to split at.
            case "Split" when BlanksReplaced && split.Field("pattern")?.Text("String") == " ":
                return this;
            default:
                throw Unknown(split, path);
        }
    }

    private static string ByteLevel(List<JsonElement> splits, string path)
    {
        var last = splits[^1];
        if (last.Text("type") != "ByteLevel")
        {
            throw Unknown(last, path);
        }

        if (last.Flag("add_prefix_space") == true)
        {
            throw new InputException(
                $"'{path}' asks for a blank before every text (ByteLevel's add_prefix_space); only byte-level BPE without it can be read."
            );
        }

        List<string> stages =
        [
            .. splits.Take(splits.Count - 1).Select(split => Stage(split, path)),
        ];
        if (last.Flag("use_regex") ?? true)
        {
            stages.Add(TokenizerJsonPatterns.Gpt2);
        }

        return TokenizerJsonPatterns.Name(stages) ?? throw Unknown(splits[0], path);
    }

    private static string Stage(JsonElement split, string path) =>
        split.Text("type") switch
        {
            "Digits" when split.Flag("individual_digits") == true =>
                TokenizerJsonPatterns.SingleDigits,
            "Split"
                when split.Field("pattern")?.Text("Regex") is { } pattern
                    && split.Text("behavior") is "Isolated"
                    && split.Flag("invert") is not true => pattern,
            _ => throw Unknown(split, path),
        };

    private static InputException Unknown(JsonElement split, string path) =>
        new(
            $"'{path}' has the pre-tokeniser {TokenizerJsonFields.Short(split)}, which is not known; known are the patterns of GPT-2, Llama 3, Qwen 2, SmolLM and llama.cpp's default, and Metaspace."
        );
}

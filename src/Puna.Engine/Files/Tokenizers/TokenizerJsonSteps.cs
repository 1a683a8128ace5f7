using System.Collections.Frozen;
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
    private const string Gpt2 =
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly FrozenDictionary<string, string> Patterns = new Dictionary<
        string,
        string
    >(StringComparer.Ordinal)
    {
        [Gpt2] = "gpt-2",
        [Llama3] = "llama-bpe",
        [Qwen2] = "qwen2",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public TokenizerKind Kind { get; private init; } = TokenizerKind.SentencePieceBpe;

    public string? PreTokenizer { get; private init; }

    public bool AddSpacePrefix { get; private init; }

    public bool SpacePrefixFirstOnly { get; private init; }

    public bool SpacePrefixUnlessBlank { get; private init; }

    public bool SplitAtBlanks { get; private init; }

    public bool Nfc { get; private init; }

    private bool BlanksReplaced { get; init; }

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
            if (steps.BlanksReplaced || steps.AddSpacePrefix)
            {
                throw new InputException(
                    $"'{path}' has a byte-level pre-tokeniser and a normaliser that rewrites blanks; only one of the two can be read."
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

        if (!steps.BlanksReplaced || steps.Nfc || model.Flag("ignore_merges") == true)
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
            "Prepend" when normalizer.Text("prepend") == "\u2581" => this with
            {
                AddSpacePrefix = true,
            },
            "Replace"
                when normalizer.Field("pattern")?.Text("String") == " "
                    && normalizer.Text("content") == "\u2581" => this with
            {
                BlanksReplaced = true,
            },
            _ => throw new InputException(
                $"'{path}' has the normaliser {TokenizerJsonFields.Short(normalizer)}; known are NFC, and a Prepend and Replace of blanks by the meta-space."
            ),
        };

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
                    SpacePrefixFirstOnly = scheme == "first",
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

        var ownPattern = last.Flag("use_regex") ?? true;
        return splits switch
        {
            [_] when ownPattern => "gpt-2",
            [var first, _] when ownPattern && IsSingleDigits(first) => "smollm",
            [var first, _] when !ownPattern && first.Text("type") == "Split" => Pattern(
                first,
                path
            ),
            _ => throw Unknown(splits[0], path),
        };
    }

    private static bool IsSingleDigits(JsonElement split) =>
        split.Text("type") == "Digits" && split.Flag("individual_digits") == true;

    private static string Pattern(JsonElement split, string path)
    {
        var pattern = split.Field("pattern")?.Text("Regex");
        return
            pattern is not null
            && Patterns.TryGetValue(pattern, out var name)
            && split.Text("behavior") is "Isolated"
            && split.Flag("invert") is not true
            ? name
            : throw Unknown(split, path);
    }

    private static InputException Unknown(JsonElement split, string path) =>
        new(
            $"'{path}' has the pre-tokeniser {TokenizerJsonFields.Short(split)}, which is not known; known are the patterns of GPT-2, Llama 3, Qwen 2 and SmolLM, and Metaspace."
        );
}

using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>
/// The pre-tokenisers that GGUF names, as the patterns that tokenizer.json states for them: each stage cuts what the
/// stage before left, and every match is a word of its own. Patterns are known by their exact text, never interpreted.
/// </summary>
internal static class TokenizerJsonPatterns
{
    /// <summary>The pattern of a ByteLevel step with use_regex.</summary>
    public const string Gpt2 =
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>What a Digits step with individual_digits cuts at.</summary>
    public const string SingleDigits = @"\p{N}";

    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The stages and the names that mean them; the first name is the one that a file without names gets.</summary>
    private static readonly (string[] Stages, string[] Names)[] s_known =
    [
        ([Gpt2], ["gpt-2", "phi-2", "olmo"]),
        ([Llama3], ["llama-bpe", "llama3", "llama-v3"]),
        ([Qwen2], ["qwen2", "deepseek-r1-qwen"]),
        ([SingleDigits, Gpt2], ["smollm", "refact", "starcoder", "command-r"]),
        ([@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"], ["default"]),
    ];

    /// <summary>The name of a pre-tokeniser by its stages, or null when these are not known.</summary>
    public static string? Name(IReadOnlyList<string> stages) =>
        s_known.FirstOrDefault(known => known.Stages.SequenceEqual(stages)).Names?[0];

    /// <summary>The stages of a pre-tokeniser.</summary>
    /// <exception cref="InputException">No such pre-tokeniser is known.</exception>
    public static IReadOnlyList<string> Stages(string name) =>
        s_known.FirstOrDefault(known => known.Names.Contains(name)).Stages
        ?? throw new InputException(
            $"The tokenizer asks for the pre-tokeniser '{PrintableText.Short(name)}', of which tokenizer.json has no known spelling; known are {string.Join(", ", s_known.SelectMany(known => known.Names))}."
        );
}

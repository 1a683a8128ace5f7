namespace Puna.Engine.Text;

/// <summary>
/// Control tokens that end a turn or a text in the LLaMA family's vocabularies. Files often name only one end, while
/// their chat template closes turns with another.
/// </summary>
internal static class EndTokens
{
    private static readonly HashSet<string> Spellings = new(StringComparer.Ordinal)
    {
        "<|eot_id|>",
        "<|eom_id|>",
        "<|im_end|>",
        "<|end|>",
        "<|endofturn|>",
        "<end_of_turn>",
        "<|endoftext|>",
        "<|end_of_text|>",
    };

    /// <summary>The ids of those that a vocabulary has as control tokens.</summary>
    public static IEnumerable<int> In(IReadOnlyList<string> pieces, IReadOnlyList<TokenType> types)
    {
        for (var id = 0; id < types.Count && id < pieces.Count; id++)
        {
            if (types[id] == TokenType.Control && Spellings.Contains(pieces[id]))
            {
                yield return id;
            }
        }
    }
}

namespace Puna.Engine.Text.PreTokenizers;

/// <summary>
/// GPT-2's pattern:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>
/// </summary>
internal sealed class Gpt2Scanner : IScanner
{
    /// <inheritdoc/>
    public int Match(ReadOnlySpan<char> text, int start)
    {
        var contraction = Characters.Contraction(text, start, ignoreCase: false);
        if (contraction > 0)
        {
            return start + contraction;
        }

        var at = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        var of = Characters.ClassAt(text, at, out _);
        if (of is CharacterClass.Letter or CharacterClass.Number or CharacterClass.Other)
        {
            return Characters.RunEnd(text, at, of);
        }

        var end = Characters.BlankEnd(text, start, out _);
        return Characters.BlanksBeforeNext(start, end, text.Length);
    }
}

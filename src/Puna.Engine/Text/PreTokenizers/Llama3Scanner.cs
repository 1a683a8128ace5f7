namespace Puna.Engine.Text.PreTokenizers;

/// <summary>
/// Llama 3's pattern, and with one digit a piece Qwen 2's:
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
/// </summary>
/// <param name="digits">Longest piece of numbers: 3 in Llama 3 (<c>\p{N}{1,3}</c>), 1 in Qwen 2 (<c>\p{N}</c>).</param>
internal sealed class Llama3Scanner(int digits) : IScanner
{
    /// <inheritdoc/>
    public int Match(ReadOnlySpan<char> text, int start)
    {
        var contraction = Characters.Contraction(text, start, ignoreCase: true);
        if (contraction > 0)
        {
            return start + contraction;
        }

        var of = Characters.ClassAt(text, start, out var length);
        switch (of)
        {
            case CharacterClass.Letter:
                return Characters.RunEnd(text, start, CharacterClass.Letter);
            case CharacterClass.Number:
                return NumberEnd(text, start);
            case CharacterClass.Other or CharacterClass.Blank:
                var next = start + length;
                var letters = Characters.RunEnd(text, next, CharacterClass.Letter);
                if (letters > next)
                {
                    return letters;
                }

                var at = text[start] == ' ' ? next : start;
                var others = Characters.RunEnd(text, at, CharacterClass.Other);
                if (others > at)
                {
                    return Characters.RunEnd(text, others, CharacterClass.LineEnd);
                }

                break;
        }

        var end = Characters.BlankEnd(text, start, out var afterLineEnd);
        return afterLineEnd > start
            ? afterLineEnd
            : Characters.BlanksBeforeNext(start, end, text.Length);
    }

    private int NumberEnd(ReadOnlySpan<char> text, int at)
    {
        for (
            var count = 0;
            count < digits
                && at < text.Length
                && Characters.ClassAt(text, at, out var length) == CharacterClass.Number;
            count++
        )
        {
            at += length;
        }

        return at;
    }
}

using System.Globalization;
using System.Text;

namespace Puna.Engine.Text.PreTokenizers;

/// <summary>Classes of characters and the runs of them that all patterns share.</summary>
internal static class Characters
{
    private static readonly CharacterClass[] Basic = BuildBasic();

    /// <summary>Class of the character at a place, and its length in UTF-16 units.</summary>
    public static CharacterClass ClassAt(ReadOnlySpan<char> text, int at, out int length)
    {
        var unit = text[at];
        length = 1;
        if (!char.IsSurrogate(unit))
        {
            return Basic[unit];
        }

        Rune.DecodeFromUtf16(text[at..], out var rune, out length);
        return Classify(rune.Value);
    }

    /// <summary>End of the run of one class that begins at a place.</summary>
    public static int RunEnd(ReadOnlySpan<char> text, int at, CharacterClass of)
    {
        while (at < text.Length && ClassAt(text, at, out var length) == of)
        {
            at += length;
        }

        return at;
    }

    /// <summary>End of the run of white space that begins at a place, and the place after its last line end (or the start).</summary>
    public static int BlankEnd(ReadOnlySpan<char> text, int start, out int afterLineEnd)
    {
        var at = start;
        afterLineEnd = start;
        for (; at < text.Length; at++)
        {
            var of = Basic[text[at]];
            if (of == CharacterClass.LineEnd)
            {
                afterLineEnd = at + 1;
            }
            else if (of != CharacterClass.Blank)
            {
                break;
            }
        }

        return at;
    }

    /// <summary>
    /// <c>\s+(?!\S)|\s+</c>: a run of white space; its last character is left to what follows, unless nothing follows
    /// or it is the only one.
    /// </summary>
    public static int BlanksBeforeNext(int start, int end, int textEnd) =>
        end == textEnd || end - start == 1 ? end : end - 1;

    /// <summary>Length of an English contraction ('s 't 're 've 'm 'll 'd) at a place, or 0.</summary>
    public static int Contraction(ReadOnlySpan<char> text, int at, bool ignoreCase)
    {
        if (text[at] != '\'' || at + 1 >= text.Length)
        {
            return 0;
        }

        var first = Fold(text[at + 1], ignoreCase);
        if (first is 's' or 't' or 'm' or 'd')
        {
            return 2;
        }

        if (at + 2 >= text.Length)
        {
            return 0;
        }

        var second = Fold(text[at + 2], ignoreCase);
        return (first, second) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    /// <summary>Simple case folding of the letters that contractions use; U+017F, the long s, folds to s.</summary>
    private static char Fold(char unit, bool ignoreCase) =>
        !ignoreCase ? unit
        : unit is >= 'A' and <= 'Z' ? (char)(unit | 0x20)
        : unit == '\u017F' ? 's'
        : unit;

    private static CharacterClass[] BuildBasic()
    {
        var classes = new CharacterClass[0x10000];
        for (var unit = 0; unit < classes.Length; unit++)
        {
            classes[unit] = Classify(unit);
        }

        return classes;
    }

    private static CharacterClass Classify(int codePoint) =>
        codePoint is '\r' or '\n' ? CharacterClass.LineEnd
        : WhiteSpace.Is(codePoint) ? CharacterClass.Blank
        : CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
            UnicodeCategory.DecimalDigitNumber
            or UnicodeCategory.LetterNumber
            or UnicodeCategory.OtherNumber => CharacterClass.Number,
            _ => CharacterClass.Other,
        };
}

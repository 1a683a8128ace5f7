using System.Buffers;
using System.Globalization;
using System.Text;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Text.Templates;

/// <summary>
/// Strings as Python sees them: a sequence of code points, while .NET counts UTF-16 units. A lone surrogate counts as
/// one code point in both.
/// </summary>
internal static class PythonText
{
    private static readonly SearchValues<char> LineEnds = SearchValues.Create(
        "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
    );

    /// <summary>Whitespace of str.strip, str.split and the pattern \s.</summary>
    public static bool IsSpace(char character) =>
        char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';

    /// <summary>Whether a code point that starts here belongs to a name (pattern \w).</summary>
    public static bool IsWordCharacter(string text, int index)
    {
        var character = text[index];
        return character < 128
            ? char.IsAsciiLetterOrDigit(character) || character == '_'
            : CharUnicodeInfo.GetUnicodeCategory(text, index)
                is UnicodeCategory.UppercaseLetter
                    or UnicodeCategory.LowercaseLetter
                    or UnicodeCategory.TitlecaseLetter
                    or UnicodeCategory.ModifierLetter
                    or UnicodeCategory.OtherLetter
                    or UnicodeCategory.DecimalDigitNumber
                    or UnicodeCategory.LetterNumber
                    or UnicodeCategory.OtherNumber;
    }

    /// <summary>Number of code points.</summary>
    public static int Length(string text) => CodePoints(text, 0, text.Length);

    /// <summary>Number of code points in a part of the UTF-16 units.</summary>
    public static int CodePoints(string text, int start, int end)
    {
        var count = 0;
        for (var at = start; at < end; at = Next(text, at))
        {
            count++;
        }

        return count;
    }

    /// <summary>Start of the code point after the one that starts here.</summary>
    public static int Next(string text, int index) => index + (IsPair(text, index) ? 2 : 1);

    /// <summary>UTF-16 index of a code point that exists, or the length for the one after the last.</summary>
    public static int UnitIndex(string text, long codePoint)
    {
        var at = 0;
        for (; codePoint > 0 && at < text.Length; codePoint--)
        {
            at = Next(text, at);
        }

        return at;
    }

    /// <summary>The code points as strings of their own.</summary>
    public static List<object> Characters(string text)
    {
        var characters = new List<object>(text.Length);
        for (var at = 0; at < text.Length; )
        {
            var next = Next(text, at);
            characters.Add(text[at..next]);
            at = next;
        }

        return characters;
    }

    /// <summary>Order by code point, which differs from the order of UTF-16 units above the basic plane.</summary>
    public static int Compare(string left, string right)
    {
        var shorter = Math.Min(left.Length, right.Length);
        for (var at = 0; at < shorter; at++)
        {
            var a = left[at];
            var b = right[at];
            if (a != b)
            {
                var aHigh = char.IsSurrogate(a);
                return aHigh == char.IsSurrogate(b) ? a.CompareTo(b) : aHigh.CompareTo(!aHigh);
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    /// <summary>str.strip, lstrip, rstrip: whitespace, or the given characters where there are some.</summary>
    public static string Strip(string text, string? characters, bool left, bool right)
    {
        var start = 0;
        var end = text.Length;
        while (left && start < end && Strips(text, start, characters))
        {
            start = Next(text, start);
        }

        while (right && end > start)
        {
            var last = end >= 2 && IsPair(text, end - 2) ? end - 2 : end - 1;
            if (last < start || !Strips(text, last, characters))
            {
                break;
            }

            end = last;
        }

        return text[start..end];
    }

    /// <summary>str.capitalize: the first character upper, the others lower.</summary>
    public static string Capitalise(string text)
    {
        var first = text.Length == 0 ? 0 : Next(text, 0);
        return text[..first].ToUpperInvariant() + text[first..].ToLowerInvariant();
    }

    /// <summary>str.title: each letter after a non-letter upper, the others lower.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var rune in text.EnumerateRunes())
        {
            var changed = inWord ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune);
            inWord =
                Rune.IsUpper(rune)
                || Rune.IsLower(rune)
                || Rune.ToUpperInvariant(rune) != Rune.ToLowerInvariant(rune);
            result.Append(changed.ToString());
        }

        return result.ToString();
    }

    /// <summary>str.splitlines.</summary>
    public static List<object> SplitLines(string text, bool keepEnds)
    {
        var lines = new List<object>();
        for (var start = 0; start < text.Length; )
        {
            var end = text.AsSpan(start).IndexOfAny(LineEnds);
            end = end < 0 ? text.Length : start + end;
            var next = end;
            if (end < text.Length)
            {
                next =
                    text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n'
                        ? end + 2
                        : end + 1;
            }

            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return lines;
    }

    private static bool IsPair(string text, int index) =>
        char.IsHighSurrogate(text[index])
        && index + 1 < text.Length
        && char.IsLowSurrogate(text[index + 1]);

    private static bool Strips(string text, int index, string? characters) =>
        characters is null
            ? IsSpace(text[index])
            : characters.Contains(text[index..Next(text, index)], StringComparison.Ordinal);
}

using System.Globalization;
using System.Text;
using Wcwidth;

namespace Puna.Cli.Terminal.LineEditing;

/// <summary>Characters as a reader sees them (extended grapheme clusters): where they begin, how wide they are.</summary>
internal static class TextElements
{
    // Asks for the coloured form of a character, which is wide.
    private const char EmojiPresentation = '\uFE0F';

    /// <summary>Index behind the element that begins at <paramref name="index"/>; the end of the text stays.</summary>
    public static int Next(string text, int index) =>
        index + StringInfo.GetNextTextElementLength(text.AsSpan(index));

    /// <summary>Index of the element that ends at <paramref name="index"/>; the beginning of the text stays.</summary>
    public static int Previous(string text, int index)
    {
        // Elements are found forwards only. A line end is always a border, so that the search can begin behind the last one.
        var start = index < 2 ? 0 : text.LastIndexOf('\n', index - 2) + 1;
        var previous = start;
        while (start < index)
        {
            previous = start;
            start = Next(text, start);
        }

        return previous;
    }

    /// <summary>Columns of a terminal that an element takes: 0, 1 or 2.</summary>
    public static int Width(ReadOnlySpan<char> element)
    {
        var sum = 0;
        foreach (var rune in element.EnumerateRunes())
        {
            sum += Math.Max(0, UnicodeCalculator.GetWidth(rune.Value));
        }

        // A joined sequence is drawn as one picture, and so are the two letters of a flag.
        return element.Contains(EmojiPresentation) ? 2 : Math.Min(sum, 2);
    }

    /// <summary>What stands on the screen for an element: itself, or a visible spelling where it is a control character.</summary>
    public static string Shown(ReadOnlySpan<char> element) =>
        element[0] switch
        {
            '\t' => "    ",
            < ' ' => $"^{(char)(element[0] + '@')}",
            >= '\x7F' and < '\xA0' => "\uFFFD",
            _ when char.IsSurrogate(element[0])
                    && !Rune.TryGetRuneAt(element.ToString(), 0, out _) => "\uFFFD",
            _ => element.ToString(),
        };
}

using System.Globalization;
using System.Text;

namespace Puna.Engine;

/// <summary>Short renderings of values from files, for messages and <c>puna inspect</c>.</summary>
public static class PrintableText
{
    private const int Longest = 200;

    /// <summary>
    /// The text cut to a bounded length, with escapes (<c>\n</c>, <c>\u001b</c>) for what would not print: it could move
    /// the terminal's cursor, turn the direction of the line or hide text.
    /// </summary>
    public static string Short(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var length = Math.Min(text.Length, Longest);
        if (length < text.Length && char.IsHighSurrogate(text[length - 1]))
        {
            length--;
        }

        var printable = new StringBuilder(length + 3);
        foreach (var rune in text.AsSpan(0, length).EnumerateRunes())
        {
            Append(printable, rune);
        }

        return length < text.Length ? printable.Append("...").ToString() : printable.ToString();
    }

    private static void Append(StringBuilder printable, Rune rune)
    {
        switch (rune.Value)
        {
            case '\n':
                printable.Append(@"\n");
                break;
            case '\r':
                printable.Append(@"\r");
                break;
            case '\t':
                printable.Append(@"\t");
                break;
            default:
                if (
                    Rune.GetUnicodeCategory(rune)
                    is UnicodeCategory.Control
                        or UnicodeCategory.Format
                        or UnicodeCategory.LineSeparator
                        or UnicodeCategory.ParagraphSeparator
                )
                {
                    printable.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
                }
                else
                {
                    printable.Append(rune.ToString());
                }

                break;
        }
    }
}

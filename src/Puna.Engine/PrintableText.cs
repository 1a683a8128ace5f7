using System.Globalization;
using System.Text;

namespace Puna.Engine;

/// <summary>Texts from files and arguments as messages and tables show them.</summary>
public static class PrintableText
{
    private const int Longest = 200;
    private const int Joiner = 0x200D;
    private const int NonJoiner = 0x200C;

    /// <summary>
    /// The text in one line, with every character escaped that could move the cursor, hide or reorder text: controls as
    /// <c>\n</c>, <c>\t</c> or <c>\u001B</c>, and so are line separators, marks of direction and halves of characters. What
    /// is escaped stays as it is when it is escaped again.
    /// </summary>
    public static string Escape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var builder = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; )
        {
            if (Rune.TryGetRuneAt(text, at, out var rune))
            {
                Append(builder, rune);
                at += rune.Utf16SequenceLength;
            }
            else
            {
                AppendNumber(builder, text[at]);
                at++;
            }
        }

        return builder.ToString();
    }

    /// <summary>The escaped text, cut to a bounded length.</summary>
    public static string Short(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length <= Longest)
        {
            return Escape(text);
        }

        var length = char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest;
        return Escape(text[..length]) + "...";
    }

    private static void Append(StringBuilder builder, Rune rune)
    {
        switch (rune.Value)
        {
            case '\n':
                builder.Append("\\n");
                break;
            case '\r':
                builder.Append("\\r");
                break;
            case '\t':
                builder.Append("\\t");
                break;
            default:
                if (IsHidden(rune))
                {
                    AppendNumber(builder, rune.Value);
                }
                else
                {
                    builder.Append(rune.ToString());
                }

                break;
        }
    }

    // The two joiners belong to the spelling of words.
    private static bool IsHidden(Rune rune) =>
        rune.Value is not (Joiner or NonJoiner)
        && Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;

    private static void AppendNumber(StringBuilder builder, int value)
    {
        var isLong = value > char.MaxValue;
        builder.Append(isLong ? "\\U" : "\\u");
        builder.Append(value.ToString(isLong ? "X8" : "X4", CultureInfo.InvariantCulture));
    }
}

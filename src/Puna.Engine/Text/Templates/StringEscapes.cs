using System.Globalization;
using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>Python's escapes in string literals; one that Python does not know stays as it is written.</summary>
internal static class StringEscapes
{
    /// <summary>Appends what the escape means whose backslash lies before <paramref name="at"/>; gives its end.</summary>
    public static int Append(string source, int at, StringBuilder text, Func<int, int> lineAt)
    {
        var character = source[at];
        switch (character)
        {
            case '\n':
                return at + 1;
            case 'x':
                return AppendCode(source, at, 2, text, lineAt);
            case 'u':
                return AppendCode(source, at, 4, text, lineAt);
            case 'U':
                return AppendCode(source, at, 8, text, lineAt);
            case >= '0' and <= '7':
                return AppendOctal(source, at, text);
        }

        var index = "\\'\"abfnrtv".IndexOf(character);
        if (index < 0)
        {
            text.Append('\\').Append(character);
        }
        else
        {
            text.Append("\\'\"\a\b\f\n\r\t\v"[index]);
        }

        return at + 1;
    }

    private static int AppendOctal(string source, int at, StringBuilder text)
    {
        var value = 0;
        var end = at;
        while (end < source.Length && end < at + 3 && source[end] is >= '0' and <= '7')
        {
            value = (value * 8) + source[end++] - '0';
        }

        text.Append((char)value);
        return end;
    }

    private static int AppendCode(
        string source,
        int at,
        int digits,
        StringBuilder text,
        Func<int, int> lineAt
    )
    {
        if (
            at + 1 + digits > source.Length
            || !uint.TryParse(
                source.AsSpan(at + 1, digits),
                NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture,
                out var code
            )
            || code > 0x10FFFF
        )
        {
            throw TemplateLexer.Error(
                lineAt(at),
                $"the escape \\{source[at]} is incomplete, expected {digits} hexadecimal digits of a character"
            );
        }

        if (code > 0xFFFF)
        {
            text.Append(char.ConvertFromUtf32((int)code));
        }
        else
        {
            text.Append((char)code);
        }

        return at + 1 + digits;
    }
}

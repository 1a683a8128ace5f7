using System.Globalization;

namespace Puna.Engine.Text.Templates;

/// <summary>One conversion of a format: fill, alignment, sign, width, precision and type.</summary>
internal readonly record struct FormatSpec(
    char Fill,
    char Align,
    char Sign,
    bool GroupsThousands,
    int Width,
    int Precision,
    char Type
)
{
    private const int Largest = 1000;

    /// <summary>Reads a conversion whose percent sign is at the position; leaves the position on its last character.</summary>
    public static FormatSpec ReadPercent(
        RenderContext context,
        string format,
        ref int at,
        out string? name
    )
    {
        at++;
        name = null;
        if (at < format.Length && format[at] == '(')
        {
            var close = format.IndexOf(')', at);
            if (close < 0)
            {
                throw context.Error("incomplete format key");
            }

            name = format[(at + 1)..close];
            at = close + 1;
        }

        var fill = ' ';
        var align = '>';
        var sign = '-';
        for (; at < format.Length && "-+ #0".Contains(format[at]); at++)
        {
            switch (format[at])
            {
                case '-':
                    align = '<';
                    break;
                case '0':
                    fill = '0';
                    break;
                case '+' or ' ':
                    sign = format[at];
                    break;
            }
        }

        var width = ReadNumber(context, format, ref at) ?? 0;
        var precision = -1;
        if (at < format.Length && format[at] == '.')
        {
            at++;
            precision = ReadNumber(context, format, ref at) ?? 0;
        }

        if (at >= format.Length)
        {
            throw context.Error("incomplete format");
        }

        var type = format[at];
        var isText = type is 's' or 'r' or 'c';
        return new FormatSpec(
            isText || align == '<' ? ' ' : fill,
            fill == '0' && align == '>' && !isText ? '=' : align,
            sign,
            false,
            width,
            precision,
            type
        );
    }

    /// <summary>Reads what follows the colon in a field of str.format.</summary>
    public static FormatSpec ReadBrace(RenderContext context, string text)
    {
        var at = 0;
        var fill = ' ';
        var align = '\0';
        if (text.Length > 1 && "<>=^".Contains(text[1]))
        {
            fill = text[0];
            align = text[1];
            at = 2;
        }
        else if (text.Length > 0 && "<>=^".Contains(text[0]))
        {
            align = text[at++];
        }

        var sign = '-';
        if (at < text.Length && "+- ".Contains(text[at]))
        {
            sign = text[at++];
        }

        if (at < text.Length && text[at] == '0' && align == '\0')
        {
            fill = '0';
            align = '=';
            at++;
        }

        var width = ReadNumber(context, text, ref at) ?? 0;
        var groups = at < text.Length && text[at] == ',';
        at += groups ? 1 : 0;
        var precision = -1;
        if (at < text.Length && text[at] == '.')
        {
            at++;
            precision = ReadNumber(context, text, ref at) ?? 0;
        }

        var type = at < text.Length ? text[at++] : '\0';
        if (at < text.Length)
        {
            throw context.Error($"the format '{text}' is not supported");
        }

        return new FormatSpec(fill, align, sign, groups, width, precision, type);
    }

    /// <summary>The value in this format.</summary>
    public string Apply(RenderContext context, object value)
    {
        var isNumber =
            Type is not ('s' or 'r' or 'c' or '\0') || (Type == '\0' && value is long or double);
        var text = isNumber ? Number(context, value) : Text(context, value);
        var missing = Width - PythonText.Length(text);
        if (missing <= 0)
        {
            return text;
        }

        var align =
            Align != '\0' ? Align
            : isNumber ? '>'
            : '<';
        var left =
            align == '^' ? missing / 2
            : align == '<' ? 0
            : missing;
        var signLength = align == '=' && text[0] is '-' or '+' or ' ' ? 1 : 0;
        return text[..(align == '=' ? signLength : 0)]
            + new string(Fill, left)
            + text[(align == '=' ? signLength : 0)..]
            + new string(Fill, missing - left);
    }

    private static int? ReadNumber(RenderContext context, string text, ref int at)
    {
        var start = at;
        var value = 0;
        for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
        {
            value = (value * 10) + text[at] - '0';
            if (value > Largest)
            {
                throw context.Error(
                    $"a width or precision exceeds the {Largest} that a format may ask for"
                );
            }
        }

        return at == start ? null : value;
    }

    private string Text(RenderContext context, object value)
    {
        if (Type == 'c' && value is long code)
        {
            return code is >= 0 and <= 0x10FFFF and not (>= 0xD800 and <= 0xDFFF)
                ? char.ConvertFromUtf32((int)code)
                : throw context.Error("%c arg not in range(0x110000)");
        }

        var text =
            Type == 'r' ? PythonFormat.Repr(context, value) : PythonFormat.Str(context, value);
        return Precision >= 0 ? text[..PythonText.UnitIndex(text, Precision)] : text;
    }

    private string Number(RenderContext context, object value)
    {
        if (Comparisons.Number(value) is not { } number)
        {
            throw context.ErrorOf(
                value,
                $"%{Type} format: a number is required, not {TypeNames.Of(value)}"
            );
        }

        var isWhole = Comparisons.Integer(value) is not null;
        var digits = Type switch
        {
            'f' or 'F' => Fixed(context, Math.Abs(number), Precision < 0 ? 6 : Precision),
            '\0' when !isWhole => Precision < 0
                ? PythonFormat.Repr(Math.Abs(number))
                : throw context.Error("a float with a precision needs the type 'f'"),
            'd' or 'i' or 'u' or 'x' or 'X' or 'o' or '\0' => Whole(context, value, number),
            _ => throw context.Error($"unsupported format character '{Type}'"),
        };
        var prefix =
            double.IsNegative(number) && !double.IsNaN(number) ? "-"
            : Sign == '-' ? ""
            : Sign.ToString();
        return prefix + digits;
    }

    private string Fixed(RenderContext context, double value, int decimals)
    {
        context.Charge(decimals);
        if (!double.IsFinite(value))
        {
            return PythonFormat.Repr(value);
        }

        var text = PythonFormat.FixedPoint(value, decimals);
        var point = text.IndexOf('.');
        return !GroupsThousands ? text
            : point < 0 ? Grouped(text)
            : Grouped(text[..point]) + text[point..];
    }

    private string Whole(RenderContext context, object value, double number)
    {
        if (Comparisons.Integer(value) is not { } whole)
        {
            if (Type is 'x' or 'X' or 'o' || !(Math.Abs(number) < 9e18))
            {
                throw context.Error(
                    $"%{Type} format: an integer is required, not {PythonFormat.Repr(number)}"
                );
            }

            whole = (long)number;
        }

        var size = whole < 0 ? (ulong)-(whole + 1) + 1 : (ulong)whole;
        return Type switch
        {
            'x' => size.ToString("x", CultureInfo.InvariantCulture),
            'X' => size.ToString("X", CultureInfo.InvariantCulture),
            'o' => Octal(size),
            _ => GroupsThousands
                ? Grouped(size.ToString(CultureInfo.InvariantCulture))
                : size.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static string Octal(ulong value)
    {
        var text = "";
        do
        {
            text = (char)('0' + (value & 7)) + text;
            value >>= 3;
        } while (value > 0);
        return text;
    }

    private static string Grouped(string digits)
    {
        for (var at = digits.Length - 3; at > 0; at -= 3)
        {
            digits = digits.Insert(at, ",");
        }

        return digits;
    }
}

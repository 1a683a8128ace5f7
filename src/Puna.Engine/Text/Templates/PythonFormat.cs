using System.Globalization;
using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>Python's str() and repr() of values.</summary>
internal static class PythonFormat
{
    /// <summary>str(value): a string as it is, an undefined value as nothing, everything else as repr.</summary>
    public static string Str(RenderContext context, object value)
    {
        switch (value)
        {
            case string text:
                return text;
            case Undefined:
                return "";
            default:
                var builder = new StringBuilder();
                AppendRepr(context, value, builder);
                return builder.ToString();
        }
    }

    /// <summary>repr(value).</summary>
    public static string Repr(RenderContext context, object value)
    {
        var builder = new StringBuilder();
        AppendRepr(context, value, builder);
        return builder.ToString();
    }

    /// <summary>The shortest digits that read back as the same float, with an exponent below 1e-4 and from 1e16 on.</summary>
    public static string Repr(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan"
                : value > 0 ? "inf"
                : "-inf";
        }

        // "-d.ddde+ddd": the digits and the exponent are what Python places itself.
        var parts = value.ToString("R", CultureInfo.InvariantCulture).TrimStart('-').Split('E');
        var point = parts[0].IndexOf('.');
        var whole = point < 0 ? parts[0].Length : point;
        var digits = parts[0].Replace(".", "");
        var leadingZeros = digits.Length - digits.TrimStart('0').Length;
        digits = digits.Trim('0');
        if (digits.Length == 0)
        {
            return double.IsNegative(value) ? "-0.0" : "0.0";
        }

        var exponent = whole - leadingZeros - 1;
        exponent += parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        return (double.IsNegative(value) ? "-" : "") + Place(digits, exponent);
    }

    /// <summary>Exactly so many decimals, ties to the even digit, as Python's round() and '%.2f' have it.</summary>
    public static string FixedPoint(double value, int decimals)
    {
        var text = value.ToString("F" + decimals, CultureInfo.InvariantCulture);
        // .NET rounds the exact binary value, but a tie away from zero; a tie has one digit 5 more and then nothing.
        var exact = value.ToString("F" + (decimals + 60), CultureInfo.InvariantCulture);
        var cut = exact.Length - 60;
        var isTie = exact[cut] == '5' && exact.AsSpan(cut + 1).TrimEnd('0').IsEmpty;
        var lastKept = decimals == 0 ? exact[cut - 2] : exact[cut - 1];
        if (isTie && (lastKept - '0') % 2 == 0)
        {
            text = exact[..(decimals == 0 ? cut - 1 : cut)];
        }

        return text;
    }

    private static string Place(string digits, int exponent)
    {
        if (exponent is < -4 or >= 16)
        {
            var mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            return $"{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
        {
            return "0." + new string('0', -exponent - 1) + digits;
        }

        return digits.Length <= exponent + 1
            ? digits.PadRight(exponent + 1, '0') + ".0"
            : digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    private static void AppendRepr(RenderContext context, object value, StringBuilder builder)
    {
        context.Enter();
        var before = builder.Length;
        switch (value)
        {
            case None:
                builder.Append("None");
                break;
            case bool flag:
                builder.Append(flag ? "True" : "False");
                break;
            case long number:
                builder.Append(number);
                break;
            case double number:
                builder.Append(Repr(number));
                break;
            case string text:
                AppendQuoted(text, builder);
                break;
            case Undefined:
                builder.Append("Undefined");
                break;
            case ListValue list:
                AppendList(context, list, builder);
                before = builder.Length;
                break;
            case MapValue map:
                AppendMap(context, map, builder);
                before = builder.Length;
                break;
            case Callable callable:
                builder.Append("<function ").Append(callable.Name).Append('>');
                break;
            default:
                builder.Append('<').Append(TypeNames.Of(value)).Append('>');
                break;
        }

        context.ChargeText(builder.Length - before);
        context.Leave();
    }

    private static void AppendList(RenderContext context, ListValue list, StringBuilder builder)
    {
        builder.Append(list.IsTuple ? '(' : '[');
        for (var index = 0; index < list.Count; index++)
        {
            builder.Append(index > 0 ? ", " : "");
            AppendRepr(context, list.Items[index], builder);
        }

        builder.Append(list.IsTuple && list.Count == 1 ? "," : "");
        builder.Append(list.IsTuple ? ')' : ']');
    }

    private static void AppendMap(RenderContext context, MapValue map, StringBuilder builder)
    {
        var separator = "{";
        foreach (var (key, value) in map.Entries)
        {
            builder.Append(separator);
            separator = ", ";
            AppendRepr(context, key, builder);
            builder.Append(": ");
            AppendRepr(context, value, builder);
        }

        builder.Append(map.Count == 0 ? "{}" : "}");
    }

    private static void AppendQuoted(string text, StringBuilder builder)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        builder.Append(quote);
        for (var at = 0; at < text.Length; )
        {
            var next = PythonText.Next(text, at);
            AppendCharacter(text, at, next, quote, builder);
            at = next;
        }

        builder.Append(quote);
    }

    private static void AppendCharacter(
        string text,
        int at,
        int next,
        char quote,
        StringBuilder builder
    )
    {
        var character = text[at];
        var escape = "\n\r\t".IndexOf(character);
        if (character == quote || character == '\\')
        {
            builder.Append('\\').Append(character);
        }
        else if (escape >= 0)
        {
            builder.Append('\\').Append("nrt"[escape]);
        }
        else if (character == ' ' || IsPrintable(CharUnicodeInfo.GetUnicodeCategory(text, at)))
        {
            builder.Append(text, at, next - at);
        }
        else
        {
            var code = next - at == 2 ? char.ConvertToUtf32(text, at) : character;
            builder.Append(
                code <= 0xFF ? $"\\x{code:x2}"
                : code <= 0xFFFF ? $"\\u{code:x4}"
                : $"\\U{code:x8}"
            );
        }
    }

    private static bool IsPrintable(UnicodeCategory category) =>
        category
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.Surrogate
                or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.SpaceSeparator
            );
}

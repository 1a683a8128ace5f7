using System.Globalization;

namespace Puna.Engine.Text.Templates;

/// <summary>int, float, round and abs.</summary>
internal static class NumberFilters
{
    public static object Absolute(RenderContext context, object value, CallValues arguments)
    {
        arguments.Bind(context, "abs", 0);
        return value switch
        {
            double number => Math.Abs(number),
            _ when Comparisons.Integer(value) is { } number => number < 0
                ? Arithmetic.Sign(context, true, number)
                : number,
            _ => throw context.ErrorOf(
                value,
                $"bad operand type for abs(): '{TypeNames.Of(value)}'"
            ),
        };
    }

    /// <summary>int(default=0, base=10): a float is cut, a string read in the base or as a float, else the default.</summary>
    public static object Int(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "int", 0, "default", "base");
        var radix = Comparisons.Integer(values[1] ?? 10L) ?? 10;
        if (value is Undefined undefined)
        {
            throw context.Error(undefined.Message);
        }

        if (Comparisons.Integer(value) is { } whole)
        {
            return whole;
        }

        if (value is string text && ReadInteger(context, text, radix) is { } read)
        {
            return read;
        }

        var number = value is string digits ? ReadFloat(digits) : value as double?;
        if (number is not { } finite || !double.IsFinite(finite))
        {
            return values[0] ?? 0L;
        }

        return Math.Abs(finite) < 9.2e18
            ? (long)finite
            : throw context.Error($"the integer {PythonFormat.Repr(finite)} does not fit 64 bits");
    }

    public static object Float(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "float", 0, "default");
        if (value is Undefined undefined)
        {
            throw context.Error(undefined.Message);
        }

        return (value is string text ? ReadFloat(text) : Comparisons.Number(value))
            ?? values[0]
            ?? 0.0;
    }

    /// <summary>round(precision=0, method='common'): an int stays one under 'common', as Python's round() has it.</summary>
    public static object Round(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "round", 0, "precision", "method");
        var precision =
            Comparisons.Integer(values[0] ?? 0L)
            ?? throw context.Error("round() needs an integer precision");
        var method = values[1] as string ?? "common";
        if (Comparisons.Number(value) is not { } number)
        {
            throw context.ErrorOf(value, $"round() needs a number, not {TypeNames.Of(value)}");
        }

        if (precision is < 0 or > 300 || method is not ("common" or "ceil" or "floor"))
        {
            throw context.Error(
                "round() takes a precision from 0 to 300 and the method 'common', 'ceil' or 'floor'"
            );
        }

        if (method == "common")
        {
            context.Charge(precision);
            if (Comparisons.Integer(value) is { } whole)
            {
                return whole;
            }

            return double.IsFinite(number)
                ? double.Parse(
                    PythonFormat.FixedPoint(number, (int)precision),
                    CultureInfo.InvariantCulture
                )
                : number;
        }

        var scale = Math.Pow(10, precision);
        return (method == "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale))
            / scale;
    }

    private static long? ReadInteger(RenderContext context, string text, long radix)
    {
        var digits = PythonText.Strip(text, null, true, true).ToLowerInvariant();
        var isNegative = digits.StartsWith('-');
        digits = digits.Length > 0 && digits[0] is '-' or '+' ? digits[1..] : digits;
        var prefix = radix switch
        {
            16 => "0x",
            8 => "0o",
            2 => "0b",
            _ => "",
        };
        digits = digits.StartsWith(prefix, StringComparison.Ordinal)
            ? digits[prefix.Length..]
            : digits;
        if (digits.Length == 0 || digits[0] == '_' || digits[^1] == '_' || digits.Contains("__"))
        {
            return null;
        }

        try
        {
            long result = 0;
            foreach (var digit in digits)
            {
                var worth =
                    digit == '_' ? -1
                    : char.IsAsciiDigit(digit) ? digit - '0'
                    : char.IsAsciiLetterLower(digit) ? digit - 'a' + 10
                    : 99;
                if (worth >= radix)
                {
                    return null;
                }

                result = worth < 0 ? result : checked((result * radix) + worth);
            }

            return isNegative ? -result : result;
        }
        catch (OverflowException)
        {
            throw context.Error("an integer in a string does not fit 64 bits");
        }
    }

    private static double? ReadFloat(string text)
    {
        var digits = PythonText.Strip(text, null, true, true);
        var size = digits.TrimStart('+', '-').ToLowerInvariant();
        if (size is "inf" or "infinity" or "nan")
        {
            return size == "nan" ? double.NaN
                : digits[0] == '-' ? double.NegativeInfinity
                : double.PositiveInfinity;
        }

        const NumberStyles Style =
            NumberStyles.AllowLeadingSign
            | NumberStyles.AllowDecimalPoint
            | NumberStyles.AllowExponent;
        return double.TryParse(digits, Style, CultureInfo.InvariantCulture, out var value)
            ? value
            : null;
    }
}

using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>Python's + - * / // % ** over numbers, strings and lists; a whole number that leaves 64 bits is an error.</summary>
internal static class Arithmetic
{
    public static object Apply(RenderContext context, string symbol, object left, object right)
    {
        try
        {
            if (Comparisons.Integer(left) is { } a && Comparisons.Integer(right) is { } b)
            {
                return Integers(context, symbol, a, b);
            }

            if (Comparisons.Number(left) is { } x && Comparisons.Number(right) is { } y)
            {
                return Floats(context, symbol, x, y);
            }
        }
        catch (OverflowException)
        {
            throw context.Error($"the result of '{symbol}' does not fit a 64-bit integer");
        }

        return (symbol, left, right) switch
        {
            ("+", string a, string b) => Concatenate(context, a, b),
            ("+", ListValue a, ListValue b) when a.IsTuple == b.IsTuple => Concatenate(
                context,
                a,
                b
            ),
            ("*", string text, _) when Comparisons.Integer(right) is { } times => Repeat(
                context,
                text,
                times
            ),
            ("*", _, string text) when Comparisons.Integer(left) is { } times => Repeat(
                context,
                text,
                times
            ),
            ("*", ListValue list, _) when Comparisons.Integer(right) is { } times => Repeat(
                context,
                list,
                times
            ),
            ("*", _, ListValue list) when Comparisons.Integer(left) is { } times => Repeat(
                context,
                list,
                times
            ),
            ("%", string format, _) => PercentFormat.Apply(context, format, right),
            _ when left is Undefined || right is Undefined => throw context.ErrorOf(
                left is Undefined ? left : right,
                ""
            ),
            _ => throw context.TypeError($"'{symbol}'", left, right),
        };
    }

    /// <summary>Plus or minus a number.</summary>
    public static object Sign(RenderContext context, bool isNegative, object value) =>
        value switch
        {
            double number => isNegative ? -number : number,
            _ when Comparisons.Integer(value) is { } number => isNegative
                ? Apply(context, "-", 0L, number)
                : number,
            _ => throw context.ErrorOf(value, $"a sign is not defined for {TypeNames.Of(value)}"),
        };

    private static object Integers(RenderContext context, string symbol, long left, long right)
    {
        switch (symbol)
        {
            case "+":
                return checked(left + right);
            case "-":
                return checked(left - right);
            case "*":
                return checked(left * right);
            case "**":
                return right < 0
                    ? Floats(context, symbol, left, right)
                    : Power(context, left, right);
        }

        if (right == 0)
        {
            throw context.Error("division by zero");
        }

        if (symbol == "/")
        {
            return (double)left / right;
        }

        if (right == -1)
        {
            // The processor traps on the least integer divided by -1; its remainder is 0 all the same.
            return symbol == "%" ? 0L : checked(-left);
        }

        var quotient = left / right;
        var remainder = left % right;
        var isOneTooHigh = remainder != 0 && (remainder < 0) != (right < 0);
        return symbol == "//"
            ? quotient - (isOneTooHigh ? 1 : 0)
            : remainder + (isOneTooHigh ? right : 0);
    }

    private static object Floats(RenderContext context, string symbol, double left, double right)
    {
        if (right == 0 && symbol is "/" or "//" or "%")
        {
            throw context.Error("division by zero");
        }

        switch (symbol)
        {
            case "+":
                return left + right;
            case "-":
                return left - right;
            case "*":
                return left * right;
            case "/":
                return left / right;
            case "//":
                return Math.Floor(left / right);
            case "%":
                var remainder = left % right;
                return remainder != 0 && (remainder < 0) != (right < 0)
                    ? remainder + right
                    : remainder;
            default:
                var power = Math.Pow(left, right);
                return double.IsFinite(power) || !double.IsFinite(left) || !double.IsFinite(right)
                    ? power
                    : throw context.Error(
                        $"{PythonFormat.Repr(left)} ** {PythonFormat.Repr(right)} is no number"
                    );
        }
    }

    private static long Power(RenderContext context, long factor, long exponent)
    {
        long result = 1;
        while (exponent > 0)
        {
            if ((exponent & 1) != 0)
            {
                result = checked(result * factor);
            }

            exponent >>= 1;
            if (exponent > 0)
            {
                factor = checked(factor * factor);
            }
        }

        context.Charge(1);
        return result;
    }

    private static string Concatenate(RenderContext context, string left, string right)
    {
        context.ChargeText((long)left.Length + right.Length);
        return left + right;
    }

    private static ListValue Concatenate(RenderContext context, ListValue left, ListValue right)
    {
        context.Charge((long)left.Count + right.Count);
        return new ListValue([.. left.Items, .. right.Items], left.IsTuple);
    }

    private static string Repeat(RenderContext context, string text, long times)
    {
        times = text.Length == 0 ? 0 : Math.Clamp(times, 0, int.MaxValue);
        context.ChargeText(text.Length * times);
        return new StringBuilder().Insert(0, text, (int)times).ToString();
    }

    private static ListValue Repeat(RenderContext context, ListValue list, long times)
    {
        times = list.Count == 0 ? 0 : Math.Clamp(times, 0, int.MaxValue);
        context.Charge(list.Count * times);
        var items = new List<object>();
        for (long round = 0; round < times; round++)
        {
            items.AddRange(list.Items);
        }

        return new ListValue(items, list.IsTuple);
    }
}

namespace Puna.Engine.Text.Templates;

/// <summary>Python's truth, equality, order and membership; every visited element counts as a step.</summary>
internal static class Comparisons
{
    public static bool IsTrue(object value) =>
        value switch
        {
            bool flag => flag,
            long number => number != 0,
            double number => number != 0,
            string text => text.Length > 0,
            ListValue list => list.Count > 0,
            MapValue map => map.Count > 0,
            None or Undefined => false,
            _ => true,
        };

    /// <summary>A number's value as double (bool counts as 0 or 1), or null for any other value.</summary>
    public static double? Number(object value) =>
        value switch
        {
            long number => number,
            double number => number,
            bool flag => flag ? 1 : 0,
            _ => null,
        };

    /// <summary>An int's value (bool counts as 0 or 1), or null for any other value.</summary>
    public static long? Integer(object value) =>
        value switch
        {
            long number => number,
            bool flag => flag ? 1 : 0,
            _ => null,
        };

    public static bool AreEqual(RenderContext context, object left, object right)
    {
        context.Enter();
        var result = (left, right) switch
        {
            (string a, string b) => AreEqual(context, a, b),
            (ListValue a, ListValue b) => a.IsTuple == b.IsTuple && AreEqual(context, a, b),
            (MapValue a, MapValue b) => AreEqual(context, a, b),
            (Undefined, Undefined) => true,
            _ when Integer(left) is { } a && Integer(right) is { } b => a == b,
            _ when Number(left) is { } a && Number(right) is { } b => a == b,
            _ => ReferenceEquals(left, right),
        };
        context.Leave();
        return result;
    }

    /// <summary>The sign of left - right, or null where one is not a number; a type without an order is an error.</summary>
    public static int? Order(RenderContext context, string symbol, object left, object right)
    {
        context.Enter();
        int? result = (left, right) switch
        {
            (string a, string b) => Order(context, a, b),
            (ListValue a, ListValue b) when a.IsTuple == b.IsTuple => Order(context, symbol, a, b),
            _ when Integer(left) is { } a && Integer(right) is { } b => a.CompareTo(b),
            _ when Number(left) is { } a && Number(right) is { } b => double.IsNaN(a)
            || double.IsNaN(b)
                ? null
                : a.CompareTo(b),
            _ => throw Unordered(context, symbol, left, right),
        };
        context.Leave();
        return result;
    }

    public static bool Holds(RenderContext context, string symbol, object left, object right) =>
        symbol switch
        {
            "==" => AreEqual(context, left, right),
            "!=" => !AreEqual(context, left, right),
            "in" => Contains(context, right, left),
            "not in" => !Contains(context, right, left),
            "<" => Order(context, symbol, left, right) < 0,
            "<=" => Order(context, symbol, left, right) <= 0,
            ">" => Order(context, symbol, left, right) > 0,
            _ => Order(context, symbol, left, right) >= 0,
        };

    public static bool Contains(RenderContext context, object container, object item)
    {
        switch (container)
        {
            case string text when item is string part:
                context.ChargeSearch(text, part);
                return text.Contains(part, StringComparison.Ordinal);
            case string:
                throw context.Error(
                    $"'in <string>' requires string as left operand, not {TypeNames.Of(item)}"
                );
            case MapValue map:
                context.ChargeReading(item);
                return map.Find(item) is not null;
            case ListValue list:
                foreach (var element in list.Items)
                {
                    if (AreEqual(context, element, item))
                    {
                        return true;
                    }
                }

                return false;
            case Undefined:
                return false;
            default:
                throw context.Error(
                    $"argument of type '{TypeNames.Of(container)}' is not iterable"
                );
        }
    }

    private static bool AreEqual(RenderContext context, string left, string right)
    {
        context.Charge(left.Length == right.Length ? left.Length / 16 : 0);
        return left == right;
    }

    private static int Order(RenderContext context, string left, string right)
    {
        context.Charge(Math.Min(left.Length, right.Length) / 4);
        return PythonText.Compare(left, right);
    }

    private static bool AreEqual(RenderContext context, ListValue left, ListValue right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        for (var index = 0; index < left.Count; index++)
        {
            if (!AreEqual(context, left.Items[index], right.Items[index]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool AreEqual(RenderContext context, MapValue left, MapValue right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        foreach (var (key, value) in left.Entries)
        {
            context.ChargeReading(key);
            if (right.Find(key) is not { } other || !AreEqual(context, value, other))
            {
                return false;
            }
        }

        return true;
    }

    private static int? Order(RenderContext context, string symbol, ListValue left, ListValue right)
    {
        for (var index = 0; index < Math.Min(left.Count, right.Count); index++)
        {
            if (!AreEqual(context, left.Items[index], right.Items[index]))
            {
                return Order(context, symbol, left.Items[index], right.Items[index]);
            }
        }

        return left.Count.CompareTo(right.Count);
    }

    private static InputException Unordered(
        RenderContext context,
        string symbol,
        object left,
        object right
    )
    {
        var undefined = left is Undefined ? left : right;
        return context.ErrorOf(
            undefined,
            $"'{symbol}' not supported between instances of '{TypeNames.Of(left)}' and '{TypeNames.Of(right)}'"
        );
    }
}

namespace Puna.Engine.Text.Templates;

/// <summary>Filters over lists, maps and strings: length, first, last, join, sort, unique, sum, min, max and the like.</summary>
internal static class SequenceFilters
{
    public static object Length(RenderContext context, object value, CallValues arguments)
    {
        arguments.Bind(context, "length", 0);
        return value switch
        {
            string text => CodePoints(context, text),
            ListValue list => (long)list.Count,
            MapValue map => (long)map.Count,
            Undefined => 0L,
            _ => throw context.Error($"object of type '{TypeNames.Of(value)}' has no len()"),
        };
    }

    private static long CodePoints(RenderContext context, string text)
    {
        context.ChargeReading(text);
        return PythonText.Length(text);
    }

    public static object First(RenderContext context, object value, CallValues arguments)
    {
        arguments.Bind(context, "first", 0);
        return Ends(context, value) is [var first, ..]
            ? first
            : new Undefined("No first item, sequence was empty.");
    }

    public static object Last(RenderContext context, object value, CallValues arguments)
    {
        arguments.Bind(context, "last", 0);
        return Ends(context, value) is [.., var last]
            ? last
            : new Undefined("No last item, sequence was empty.");
    }

    /// <summary>The elements, of which only one end is looked at: a list costs nothing.</summary>
    private static IReadOnlyList<object> Ends(RenderContext context, object value) =>
        value is ListValue list ? list.Items : Subscripts.Iterate(context, value);

    public static object Attribute(RenderContext context, object value, CallValues arguments)
    {
        var name = arguments.Bind(context, "attr", 1, "name")[0]!;
        // Unlike a dot, this filter never looks into a map.
        return value is MapValue map
            ? CollectionMethods.Find(map, PythonFormat.Str(context, name))
                ?? Undefined.Attribute(map, PythonFormat.Str(context, name))
            : Subscripts.Attribute(context, value, PythonFormat.Str(context, name));
    }

    public static object Items(RenderContext context, object value, CallValues arguments)
    {
        arguments.Bind(context, "items", 0);
        return value switch
        {
            Undefined => new ListValue([]),
            MapValue map => new ListValue([.. CollectionMethods.Pairs(map)]),
            _ => throw context.Error("Can only get item pairs from a mapping."),
        };
    }

    public static object Join(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "join", 0, "d", "attribute");
        var items = Subscripts.Iterate(context, value).AsEnumerable();
        if (values[1] is not (null or None))
        {
            items = items.Select(item => ByPath(context, item, values[1]!));
        }

        return TextSearch.Join(
            context,
            values[0] is null ? "" : PythonFormat.Str(context, values[0]!),
            items.Select(item => PythonFormat.Str(context, item))
        );
    }

    public static object Reverse(RenderContext context, object value, CallValues arguments)
    {
        arguments.Bind(context, "reverse", 0);
        var items = Subscripts.Iterate(context, value).Reverse().ToList();
        return value is string ? string.Concat(items) : new ListValue(items);
    }

    /// <summary>sort(reverse=False, case_sensitive=False, attribute=None), stable.</summary>
    public static object Sort(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "sort", 0, "reverse", "case_sensitive", "attribute");
        var keyed = Keyed(context, value, values[2], Filters.IsOn(values[1]));
        return new ListValue([
            .. Ordered(context, keyed, Filters.IsOn(values[0])).Select(pair => pair.Item),
        ]);
    }

    /// <summary>dictsort(case_sensitive=False, by='key', reverse=False): (key, value) tuples.</summary>
    public static object SortMap(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "dictsort", 0, "case_sensitive", "by", "reverse");
        if (value is not MapValue map)
        {
            throw context.ErrorOf(value, $"dictsort() needs a mapping, not {TypeNames.Of(value)}");
        }

        var position = (values[1] as string ?? "key") switch
        {
            "key" => 0L,
            "value" => 1L,
            _ => throw context.Error("You can only sort by either \"key\" or \"value\""),
        };
        var pairs = new ListValue([.. CollectionMethods.Pairs(map)]);
        var keyed = Keyed(context, pairs, position, Filters.IsOn(values[0]));
        return new ListValue([
            .. Ordered(context, keyed, Filters.IsOn(values[2])).Select(pair => pair.Item),
        ]);
    }

    /// <summary>unique(case_sensitive=False, attribute=None): the first of each kind, in order.</summary>
    public static object Unique(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "unique", 0, "case_sensitive", "attribute");
        var seen = new MapValue();
        var result = new List<object>();
        foreach (var (key, item) in Keyed(context, value, values[1], Filters.IsOn(values[0])))
        {
            if (!MapValue.IsKey(key))
            {
                throw context.ErrorOf(key, $"unhashable type: '{TypeNames.Of(key)}'");
            }

            context.ChargeReading(key);
            if (seen.Find(key) is null)
            {
                seen.Set(key, item);
                result.Add(item);
            }
        }

        return new ListValue(result);
    }

    /// <summary>sum(attribute=None, start=0).</summary>
    public static object Sum(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "sum", 0, "attribute", "start");
        var total = values[1] ?? 0L;
        foreach (var item in Subscripts.Iterate(context, value))
        {
            var part = values[0] is null or None ? item : ByPath(context, item, values[0]!);
            total = Arithmetic.Apply(context, "+", total, part);
        }

        return total;
    }

    /// <summary>min and max(case_sensitive=False, attribute=None); the first of equal ones.</summary>
    public static object Extreme(
        RenderContext context,
        object value,
        CallValues arguments,
        string name,
        int direction
    )
    {
        var values = arguments.Bind(context, name, 0, "case_sensitive", "attribute");
        var keyed = Keyed(context, value, values[1], Filters.IsOn(values[0]));
        if (keyed.Count == 0)
        {
            return new Undefined("No aggregated item, sequence was empty.");
        }

        var best = keyed[0];
        foreach (var pair in keyed.Skip(1))
        {
            var symbol = direction > 0 ? ">" : "<";
            if (Math.Sign(Comparisons.Order(context, symbol, pair.Key, best.Key) ?? 0) == direction)
            {
                best = pair;
            }
        }

        return best.Item;
    }

    /// <summary>Follows "a.b.0" through attributes, entries and elements, or takes one element by its number.</summary>
    public static object ByPath(RenderContext context, object item, object path)
    {
        if (path is not string text)
        {
            return Subscripts.Item(context, item, path);
        }

        foreach (var part in text.Split('.'))
        {
            item = Subscripts.Item(
                context,
                item,
                part.Length is > 0 and < 10 && part.All(char.IsAsciiDigit) ? long.Parse(part) : part
            );
        }

        return item;
    }

    private static List<(object Key, object Item)> Keyed(
        RenderContext context,
        object value,
        object? attribute,
        bool isCaseSensitive
    )
    {
        var keyed = new List<(object, object)>();
        foreach (var item in Subscripts.Iterate(context, value))
        {
            var key = attribute is null or None ? item : ByPath(context, item, attribute);
            key =
                key is string text && !isCaseSensitive
                    ? context.Counted(text.ToLowerInvariant())
                    : key;
            keyed.Add((key, item));
        }

        return keyed;
    }

    private static List<(object Key, object Item)> Ordered(
        RenderContext context,
        List<(object Key, object Item)> keyed,
        bool isReversed
    ) =>
        Sorting.Sorted(
            keyed,
            (left, right) =>
                isReversed
                    ? Comparisons.Order(context, "<", right.Key, left.Key) ?? 0
                    : Comparisons.Order(context, "<", left.Key, right.Key) ?? 0
        );
}

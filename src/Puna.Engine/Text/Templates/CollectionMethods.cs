namespace Puna.Engine.Text.Templates;

/// <summary>The methods of dict and list that leave them unchanged; the others are refused, as in the original's sandbox.</summary>
internal static class CollectionMethods
{
    private static readonly HashSet<string> UnsafeOfMap =
    [
        "clear",
        "pop",
        "popitem",
        "setdefault",
        "update",
    ];

    private static readonly HashSet<string> UnsafeOfList =
    [
        "append",
        "clear",
        "extend",
        "insert",
        "pop",
        "remove",
        "reverse",
        "sort",
    ];

    public static object? Find(MapValue map, string name) =>
        name switch
        {
            "items" => Listing(name, map.Count, () => Pairs(map)),
            "keys" => Listing(name, map.Count, () => map.Keys),
            "values" => Listing(name, map.Count, () => map.Entries.Select(entry => entry.Value)),
            "copy" => new Callable(name, (_, _) => map),
            "get" => new Callable(
                name,
                (context, arguments) =>
                {
                    var values = arguments.Bind(context, name, 1, "key", "default");
                    context.ChargeReading(values[0]!);
                    return map.Find(values[0]!) ?? values[1] ?? None.Value;
                }
            ),
            _ => UnsafeOfMap.Contains(name) ? Unsafe("dict", name) : null,
        };

    public static object? Find(ListValue list, string name) =>
        name switch
        {
            "copy" when !list.IsTuple => new Callable(name, (_, _) => list),
            "count" => new Callable(
                name,
                (context, arguments) =>
                {
                    var item = arguments.Bind(context, name, 1, "value")[0]!;
                    return (long)
                        list.Items.Count(element => Comparisons.AreEqual(context, element, item));
                }
            ),
            "index" => new Callable(name, (context, arguments) => Index(context, list, arguments)),
            _ => !list.IsTuple && UnsafeOfList.Contains(name) ? Unsafe("list", name) : null,
        };

    /// <summary>A map's entries as (key, value) tuples.</summary>
    public static IEnumerable<object> Pairs(MapValue map) =>
        map.Entries.Select(entry => new ListValue([entry.Key, entry.Value], true));

    private static Callable Listing(string name, int count, Func<IEnumerable<object>> elements) =>
        new(
            name,
            (context, arguments) =>
            {
                arguments.Bind(context, name, 0);
                context.Charge(count);
                return new ListValue([.. elements()]);
            }
        );

    private static object Index(RenderContext context, ListValue list, CallValues arguments)
    {
        var item = arguments.Bind(context, "index", 1, "value")[0]!;
        for (var index = 0; index < list.Count; index++)
        {
            if (Comparisons.AreEqual(context, list.Items[index], item))
            {
                return (long)index;
            }
        }

        throw context.Error($"{PythonFormat.Repr(context, item)} is not in list");
    }

    private static Undefined Unsafe(string type, string name) =>
        new($"access to attribute '{name}' of '{type}' object is unsafe");
}

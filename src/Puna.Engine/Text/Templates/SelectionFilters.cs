namespace Puna.Engine.Text.Templates;

/// <summary>map, select, reject, selectattr and rejectattr: filters that apply another filter or test to each element.</summary>
internal static class SelectionFilters
{
    /// <summary>map(attribute='a.b', default=x) or map('filter', arguments of the filter).</summary>
    public static object Map(RenderContext context, object value, CallValues arguments)
    {
        var items = Subscripts.Iterate(context, value);
        var results = new List<object>(items.Count);
        if (arguments.Positional.Count == 0)
        {
            var values = arguments.Bind(context, "map", 0, "attribute", "default");
            if (values[0] is not { } path)
            {
                throw context.Error("map requires a filter argument");
            }

            foreach (var item in items)
            {
                var found = SequenceFilters.ByPath(context, item, path);
                results.Add(found is Undefined && values[1] is { } other ? other : found);
            }

            return new ListValue(results);
        }

        var filter = StringMethods.TextOf(context, "map", arguments.Positional[0]);
        var rest = arguments with { Positional = [.. arguments.Positional.Skip(1)] };
        foreach (var item in items)
        {
            context.Enter();
            results.Add(Filters.Apply(context, filter, item, rest));
            context.Leave();
        }

        return new ListValue(results);
    }

    /// <summary>select and reject: the elements that are true, or that pass the test given by name.</summary>
    public static object Select(
        RenderContext context,
        object value,
        CallValues arguments,
        bool keepsPassing
    ) => Keep(context, value, item => item, arguments, keepsPassing);

    /// <summary>selectattr and rejectattr: the same for an attribute of each element, which is the first argument.</summary>
    public static object SelectByAttribute(
        RenderContext context,
        object value,
        CallValues arguments,
        bool keepsPassing
    )
    {
        if (arguments.Positional.Count == 0)
        {
            throw context.Error("Missing parameter for attribute name");
        }

        var path = arguments.Positional[0];
        var rest = arguments with { Positional = [.. arguments.Positional.Skip(1)] };
        return Keep(
            context,
            value,
            item => SequenceFilters.ByPath(context, item, path),
            rest,
            keepsPassing
        );
    }

    private static ListValue Keep(
        RenderContext context,
        object value,
        Func<object, object> part,
        CallValues arguments,
        bool keepsPassing
    )
    {
        var test =
            arguments.Positional.Count > 0
                ? StringMethods.TextOf(context, "select", arguments.Positional[0])
                : null;
        var rest = arguments with { Positional = [.. arguments.Positional.Skip(1)] };
        var kept = new List<object>();
        foreach (var item in Subscripts.Iterate(context, value))
        {
            var tested = part(item);
            var passes = test is null
                ? Comparisons.IsTrue(tested)
                : Tests.Holds(context, test, tested, rest);
            if (passes == keepsPassing)
            {
                kept.Add(item);
            }
        }

        return new ListValue(kept);
    }
}

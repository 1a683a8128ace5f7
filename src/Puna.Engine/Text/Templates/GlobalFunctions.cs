namespace Puna.Engine.Text.Templates;

/// <summary>The functions that every template finds: range, namespace, dict, raise_exception, strftime_now.</summary>
internal static class GlobalFunctions
{
    private static readonly Callable[] All =
    [
        new("range", Range),
        new("namespace", MakeNamespace),
        new("dict", MakeMap),
        new("raise_exception", Refuse),
        new(
            "strftime_now",
            (context, arguments) =>
                TimeFormat.Format(
                    context,
                    StringMethods.TextOf(
                        context,
                        "strftime_now",
                        arguments.Bind(context, "strftime_now", 1, "format")[0]!
                    )
                )
        ),
    ];

    /// <summary>A scope with the functions, below all variables.</summary>
    public static Scope CreateScope()
    {
        var scope = new Scope(null);
        foreach (var function in All)
        {
            scope.Set(function.Name, function);
        }

        return scope;
    }

    private static object Range(RenderContext context, CallValues arguments)
    {
        var bounds = new long[arguments.Positional.Count];
        for (var index = 0; index < bounds.Length; index++)
        {
            bounds[index] =
                Comparisons.Integer(arguments.Positional[index])
                ?? throw context.ErrorOf(
                    arguments.Positional[index],
                    $"'{TypeNames.Of(arguments.Positional[index])}' object cannot be interpreted as an integer"
                );
        }

        var (start, stop, step) = bounds switch
        {
            [var end] => (0L, end, 1L),
            [var first, var end] => (first, end, 1L),
            [var first, var end, var stride] => (first, end, stride),
            _ => throw context.Error("range() takes one to three integers"),
        };
        if (step == 0)
        {
            throw context.Error("range() arg 3 must not be zero");
        }

        // In 128 bits no difference of two bounds overflows.
        var count =
            step > 0
                ? ((Int128)stop - start + step - 1) / step
                : ((Int128)start - stop - step - 1) / -(Int128)step;
        if (count > context.Limits.RangeLength)
        {
            throw context.Error(
                $"a range of {count} elements exceeds the {context.Limits.RangeLength} that a template may use"
            );
        }

        var items = new List<object>();
        for (var index = 0; index < count; index++)
        {
            items.Add(start + (index * step));
        }

        context.Charge(items.Count);
        return new ListValue(items);
    }

    private static object MakeNamespace(RenderContext context, CallValues arguments)
    {
        var result = new NamespaceValue();
        foreach (var (key, value) in ((MapValue)MakeMap(context, arguments)).Entries)
        {
            result.Attributes[PythonFormat.Str(context, key)] = value;
        }

        return result;
    }

    private static object MakeMap(RenderContext context, CallValues arguments)
    {
        var result = new MapValue();
        if (arguments.Positional.Count > 1)
        {
            throw context.Error("dict expected at most 1 argument");
        }

        if (arguments.Positional is [MapValue source])
        {
            context.Charge(source.Count);
            foreach (var (key, value) in source.Entries)
            {
                context.ChargeReading(key);
                result.Set(key, value);
            }
        }
        else if (arguments.Positional is [var pairs])
        {
            foreach (var pair in Subscripts.Iterate(context, pairs))
            {
                if (pair is not ListValue { Items: [var key, var value] } || !MapValue.IsKey(key))
                {
                    throw context.Error("dict() needs a mapping or pairs of a key and a value");
                }

                context.ChargeReading(key);
                result.Set(key, value);
            }
        }

        foreach (var (name, value) in arguments.Named)
        {
            result.Set(name, value);
        }

        return result;
    }

    private static object Refuse(RenderContext context, CallValues arguments)
    {
        var message = arguments.Bind(context, "raise_exception", 1, "message")[0]!;
        throw new InputException(
            $"The chat template refuses this conversation in line {context.Line}: {PythonFormat.Str(context, message)}"
        );
    }
}

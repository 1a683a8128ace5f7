namespace Puna.Engine.Text.Templates;

/// <summary>The tests after "is", by name.</summary>
internal static class Tests
{
    private delegate bool Test(RenderContext context, object value, CallValues arguments);

    private static readonly Dictionary<string, Test> All = new()
    {
        ["!="] = Comparing("!="),
        ["<"] = Comparing("<"),
        ["<="] = Comparing("<="),
        ["=="] = Comparing("=="),
        [">"] = Comparing(">"),
        [">="] = Comparing(">="),
        ["boolean"] = Plain(value => value is bool),
        ["callable"] = Plain(value => value is Callable),
        ["defined"] = Plain(value => value is not Undefined),
        ["divisibleby"] = DivisibleBy,
        ["eq"] = Comparing("=="),
        ["equalto"] = Comparing("=="),
        ["escaped"] = Plain(_ => false),
        ["even"] = (context, value, arguments) => Remainder(context, value, arguments) == 0,
        ["false"] = Plain(value => value is false),
        ["float"] = Plain(value => value is double),
        ["ge"] = Comparing(">="),
        ["greaterthan"] = Comparing(">"),
        ["gt"] = Comparing(">"),
        ["in"] = Comparing("in"),
        ["integer"] = Plain(value => value is long),
        ["iterable"] = Plain(value => value is string or ListValue or MapValue or Undefined),
        ["le"] = Comparing("<="),
        ["lessthan"] = Comparing("<"),
        ["lower"] = HasCase("islower"),
        ["lt"] = Comparing("<"),
        ["mapping"] = Plain(value => value is MapValue),
        ["ne"] = Comparing("!="),
        ["none"] = Plain(value => value is None),
        ["number"] = Plain(value => value is long or double or bool),
        ["odd"] = (context, value, arguments) => Remainder(context, value, arguments) == 1,
        ["sameas"] = SameAs,
        // A dict and an undefined value have a length and items, which is all that jinja2 asks of a sequence.
        ["sequence"] = Plain(value => value is string or ListValue or MapValue or Undefined),
        ["string"] = Plain(value => value is string),
        ["true"] = Plain(value => value is true),
        ["undefined"] = Plain(value => value is Undefined),
        ["upper"] = HasCase("isupper"),
    };

    public static bool Holds(
        RenderContext context,
        string name,
        object value,
        CallValues arguments
    ) =>
        All.TryGetValue(name, out var test)
            ? test(context, value, arguments)
            : throw context.Error($"No test named '{name}'");

    private static Test Plain(Func<object, bool> holds) =>
        (context, value, arguments) =>
        {
            arguments.Bind(context, "this test", 0);
            return holds(value);
        };

    private static Test Comparing(string symbol) =>
        (context, value, arguments) =>
            Comparisons.Holds(
                context,
                symbol,
                value,
                arguments.Bind(context, "this test", 1, "other")[0]!
            );

    private static Test HasCase(string method) =>
        (context, value, arguments) =>
            StringMethods.Find(PythonFormat.Str(context, value), method)!.Invoke(context, arguments)
                is true;

    private static bool DivisibleBy(RenderContext context, object value, CallValues arguments)
    {
        var divisor = arguments.Bind(context, "divisibleby", 1, "num")[0]!;
        return Comparisons.Number(Arithmetic.Apply(context, "%", value, divisor)) == 0;
    }

    private static double? Remainder(RenderContext context, object value, CallValues arguments)
    {
        arguments.Bind(context, "this test", 0);
        return Comparisons.Number(Arithmetic.Apply(context, "%", value, 2L));
    }

    private static bool SameAs(RenderContext context, object value, CallValues arguments)
    {
        var other = arguments.Bind(context, "sameas", 1, "other")[0]!;
        return (value, other) switch
        {
            (bool a, bool b) => a == b,
            (long a, long b) => a == b,
            (string a, string b) => a == b,
            _ => ReferenceEquals(value, other),
        };
    }
}

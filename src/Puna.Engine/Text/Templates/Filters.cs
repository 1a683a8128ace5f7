namespace Puna.Engine.Text.Templates;

/// <summary>The filters by name.</summary>
internal static class Filters
{
    public delegate object Filter(RenderContext context, object value, CallValues arguments);

    private static readonly Dictionary<string, Filter> All = new()
    {
        ["abs"] = NumberFilters.Absolute,
        ["attr"] = SequenceFilters.Attribute,
        ["capitalize"] = TextFilters.Mapped("capitalize", PythonText.Capitalise),
        ["center"] = TextFilters.Center,
        ["count"] = SequenceFilters.Length,
        ["d"] = Default,
        ["default"] = Default,
        ["dictsort"] = SequenceFilters.SortMap,
        ["e"] = TextFilters.Mapped("escape", TextFilters.Escape),
        ["escape"] = TextFilters.Mapped("escape", TextFilters.Escape),
        ["first"] = SequenceFilters.First,
        ["float"] = NumberFilters.Float,
        ["forceescape"] = TextFilters.Mapped("forceescape", TextFilters.Escape),
        ["format"] = TextFilters.Format,
        ["indent"] = TextFilters.Indent,
        ["int"] = NumberFilters.Int,
        ["items"] = SequenceFilters.Items,
        ["join"] = SequenceFilters.Join,
        ["last"] = SequenceFilters.Last,
        ["length"] = SequenceFilters.Length,
        ["list"] = (context, value, arguments) =>
        {
            arguments.Bind(context, "list", 0);
            return new ListValue(Subscripts.Iterate(context, value));
        },
        ["lower"] = TextFilters.Mapped("lower", text => text.ToLowerInvariant()),
        ["map"] = SelectionFilters.Map,
        ["max"] = (context, value, arguments) =>
            SequenceFilters.Extreme(context, value, arguments, "max", 1),
        ["min"] = (context, value, arguments) =>
            SequenceFilters.Extreme(context, value, arguments, "min", -1),
        ["reject"] = (context, value, arguments) =>
            SelectionFilters.Select(context, value, arguments, false),
        ["rejectattr"] = (context, value, arguments) =>
            SelectionFilters.SelectByAttribute(context, value, arguments, false),
        ["replace"] = TextFilters.Replace,
        ["reverse"] = SequenceFilters.Reverse,
        ["round"] = NumberFilters.Round,
        ["safe"] = TextFilters.Mapped("safe", text => text),
        ["select"] = (context, value, arguments) =>
            SelectionFilters.Select(context, value, arguments, true),
        ["selectattr"] = (context, value, arguments) =>
            SelectionFilters.SelectByAttribute(context, value, arguments, true),
        ["sort"] = SequenceFilters.Sort,
        ["string"] = TextFilters.Mapped("string", text => text),
        ["sum"] = SequenceFilters.Sum,
        ["title"] = TextFilters.Mapped("title", TextFilters.Title),
        ["tojson"] = TemplateJson.Write,
        ["trim"] = TextFilters.Trim,
        ["truncate"] = TextFilters.Truncate,
        ["unique"] = SequenceFilters.Unique,
        ["upper"] = TextFilters.Mapped("upper", text => text.ToUpperInvariant()),
        ["wordcount"] = TextFilters.WordCount,
    };

    public static object Apply(
        RenderContext context,
        string name,
        object value,
        CallValues arguments
    ) =>
        All.TryGetValue(name, out var filter)
            ? filter(context, value, arguments)
            : throw context.Error($"No filter named '{name}'");

    /// <summary>An option that is on when it was given and is true.</summary>
    public static bool IsOn(object? option, bool otherwise = false) =>
        option is null ? otherwise : Comparisons.IsTrue(option);

    private static object Default(RenderContext context, object value, CallValues arguments)
    {
        var values = arguments.Bind(context, "default", 0, "default_value", "boolean");
        var isMissing = value is Undefined || (IsOn(values[1]) && !Comparisons.IsTrue(value));
        return isMissing ? values[0] ?? "" : value;
    }
}

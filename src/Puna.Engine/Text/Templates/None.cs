namespace Puna.Engine.Text.Templates;

/// <summary>
/// Python's None. A template's values are exactly these types: None, bool, long, double, string, ListValue, MapValue,
/// NamespaceValue, LoopValue, Callable and Undefined; nothing else of .NET can be reached from a template.
/// </summary>
internal sealed class None
{
    private None() { }

    public static None Value { get; } = new();
}

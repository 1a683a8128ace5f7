namespace Puna.Engine.Text.Templates;

/// <summary>The variable "loop" of one for: where the iteration stands.</summary>
internal sealed class LoopValue(IReadOnlyList<object> items, int depth)
{
    private object? _lastChecked;

    public int Index { get; set; }

    public int Depth => depth;

    /// <summary>An attribute by its name, or null where there is none of that name.</summary>
    public object? Find(string name) =>
        name switch
        {
            "index" => Index + 1L,
            "index0" => (long)Index,
            "revindex" => (long)(items.Count - Index),
            "revindex0" => items.Count - Index - 1L,
            "first" => Index == 0,
            "last" => Index == items.Count - 1,
            "length" => (long)items.Count,
            "depth" => (long)depth,
            "depth0" => depth - 1L,
            "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
            "nextitem" => Index + 1 < items.Count
                ? items[Index + 1]
                : new Undefined("there is no next item"),
            "cycle" => new Callable("cycle", Cycle),
            "changed" => new Callable("changed", Changed),
            _ => null,
        };

    private object Cycle(RenderContext context, CallValues arguments) =>
        arguments.Positional.Count == 0
            ? throw context.Error("no items for cycling given")
            : arguments.Positional[Index % arguments.Positional.Count];

    private object Changed(RenderContext context, CallValues arguments)
    {
        var now = new ListValue(arguments.Positional, true);
        var isChanged = _lastChecked is null || !Comparisons.AreEqual(context, _lastChecked, now);
        _lastChecked = now;
        return isChanged;
    }
}

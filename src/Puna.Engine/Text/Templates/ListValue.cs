namespace Puna.Engine.Text.Templates;

/// <summary>A list or tuple; both are immutable, as in the sandbox of the original.</summary>
internal sealed class ListValue(IReadOnlyList<object> items, bool isTuple = false)
{
    public IReadOnlyList<object> Items { get; } = items;

    public bool IsTuple { get; } = isTuple;

    public int Count => Items.Count;
}

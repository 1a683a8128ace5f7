namespace Puna.Engine.Text.Templates;

/// <summary>Names and values of a loop's iteration, a macro's call or the template; what is not here is the parent's.</summary>
internal sealed class Scope(Scope? parent)
{
    private Dictionary<string, object>? _values;

    public void Set(string name, object value) => (_values ??= [])[name] = value;

    public object? Find(string name)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._values is not null && scope._values.TryGetValue(name, out var value))
            {
                return value;
            }
        }

        return null;
    }

    private Scope? Parent => parent;
}

namespace Puna.Engine.Text.Templates;

/// <summary>
/// A missing variable, attribute or item. It prints as nothing, is false and iterates as empty; any other use is an
/// error with this message.
/// </summary>
internal sealed record Undefined(string Message)
{
    public static Undefined Variable(string name) => new($"'{name}' is undefined");

    public static Undefined Attribute(object owner, string name) =>
        new($"'{TypeNames.OfOwner(owner)}' has no attribute '{name}'");

    public static Undefined Item(object owner, object index) =>
        index is string name
            ? Attribute(owner, name)
            : new Undefined(
                $"{TypeNames.OfOwner(owner)} has no element {(index is long number ? number : TypeNames.Of(index))}"
            );
}

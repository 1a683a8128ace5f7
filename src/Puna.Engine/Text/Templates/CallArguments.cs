namespace Puna.Engine.Text.Templates;

/// <summary>The arguments as written at a call: by position, by name, and the *list and **map that are spread.</summary>
internal sealed record CallArguments(
    IReadOnlyList<Expression> Positional,
    IReadOnlyList<(string Name, Expression Value)> Named,
    Expression? SpreadList = null,
    Expression? SpreadMap = null
)
{
    public static CallArguments None { get; } = new([], []);
}

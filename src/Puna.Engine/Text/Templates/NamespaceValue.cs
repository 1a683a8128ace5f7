namespace Puna.Engine.Text.Templates;

/// <summary>What namespace() makes: the only value that a template can change, so that loops can hand results out.</summary>
internal sealed class NamespaceValue
{
    public Dictionary<string, object> Attributes { get; } = [];
}

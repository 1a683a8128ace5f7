namespace Puna.Engine.Text.Templates;

/// <summary>A global function, a bound method or a macro.</summary>
internal sealed record Callable(string Name, Func<RenderContext, CallValues, object> Invoke);

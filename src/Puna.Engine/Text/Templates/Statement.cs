using Puna.Kernels.Emitted;

namespace Puna.Engine.Text.Templates;

/// <summary>A parsed piece of a template's body; Line is where its tag starts.</summary>
internal abstract record Statement(int Line)
{
    public sealed record Text(string Value, int Line) : Statement(Line);

    public sealed record Output(Expression Value, int Line) : Statement(Line);

    /// <summary>if and elif branches in order; a null condition is the else.</summary>
    public sealed record If(IReadOnlyList<Branch> Branches, int Line) : Statement(Line);

    public sealed record For(
        Expression Target,
        Expression Iterable,
        Expression? Condition,
        IReadOnlyList<Statement> Body,
        IReadOnlyList<Statement> Otherwise,
        int Line
    ) : Statement(Line);

    public sealed record Set(Expression Target, Expression Value, int Line) : Statement(Line);

    /// <summary>A body rendered to a string, passed through filters, then bound (Target) or printed (no Target).</summary>
    public sealed record Capture(
        Expression? Target,
        IReadOnlyList<Expression.Filter> Filters,
        IReadOnlyList<Statement> Body,
        int Line
    ) : Statement(Line);

    public sealed record Macro(
        string Name,
        IReadOnlyList<MacroParameter> Parameters,
        IReadOnlyList<Statement> Body,
        bool TakesVariableList,
        bool TakesVariableMap,
        int Line
    ) : Statement(Line);

    /// <summary>A body in a scope of its own, after binding the targets ("with", and "generation" with none).</summary>
    public sealed record Scoped(
        IReadOnlyList<(Expression Target, Expression Value)> Bindings,
        IReadOnlyList<Statement> Body,
        int Line
    ) : Statement(Line);

    public sealed record Break(int Line) : Statement(Line);

    public sealed record Continue(int Line) : Statement(Line);

    public sealed record Branch(Expression? Condition, IReadOnlyList<Statement> Body);

    public sealed record MacroParameter(string Name, Expression? Default);
}

using Puna.Kernels.Emitted;

namespace Puna.Engine.Text.Templates;

/// <summary>A parsed expression; Line is where it starts, for error messages.</summary>
internal abstract record Expression(int Line)
{
    public sealed record Constant(object Value, int Line) : Expression(Line);

    public sealed record Name(string Identifier, int Line) : Expression(Line);

    /// <summary>Only as the target of a set: a namespace's attribute.</summary>
    public sealed record NamespaceAttribute(string Namespace, string Identifier, int Line)
        : Expression(Line);

    public sealed record Sequence(IReadOnlyList<Expression> Items, bool IsTuple, int Line)
        : Expression(Line);

    public sealed record Map(IReadOnlyList<(Expression Key, Expression Value)> Pairs, int Line)
        : Expression(Line);

    public sealed record Attribute(Expression Owner, string Identifier, int Line)
        : Expression(Line);

    public sealed record Item(Expression Owner, Expression Index, int Line) : Expression(Line);

    public sealed record Slice(
        Expression Owner,
        Expression? Start,
        Expression? Stop,
        Expression? Step,
        int Line
    ) : Expression(Line);

    public sealed record Call(Expression Callee, CallArguments Arguments, int Line)
        : Expression(Line);

    public sealed record Filter(
        Expression Operand,
        string Identifier,
        CallArguments Arguments,
        int Line
    ) : Expression(Line);

    public sealed record Test(
        Expression Operand,
        string Identifier,
        CallArguments Arguments,
        int Line
    ) : Expression(Line);

    public sealed record Not(Expression Operand, int Line) : Expression(Line);

    public sealed record Sign(bool IsNegative, Expression Operand, int Line) : Expression(Line);

    public sealed record And(Expression Left, Expression Right, int Line) : Expression(Line);

    public sealed record Or(Expression Left, Expression Right, int Line) : Expression(Line);

    public sealed record Arithmetic(string Symbol, Expression Left, Expression Right, int Line)
        : Expression(Line);

    public sealed record Concatenation(IReadOnlyList<Expression> Parts, int Line)
        : Expression(Line);

    /// <summary>A chain such as a &lt; b &lt;= c: each operand is evaluated once, the first false link ends it.</summary>
    public sealed record Comparison(
        Expression First,
        IReadOnlyList<(string Symbol, Expression Operand)> Links,
        int Line
    ) : Expression(Line);

    public sealed record Conditional(
        Expression Condition,
        Expression Then,
        Expression? Otherwise,
        int Line
    ) : Expression(Line);
}

namespace Puna.Engine.Text.Templates;

/// <summary>What a for, set, with or macro binds: a name, a tuple of names or (set only) a namespace's attribute.</summary>
internal sealed class TargetParser(TokenStream tokens)
{
    /// <summary>A for's or set's target: a name, a tuple of names or (set only) a namespace's attribute.</summary>
    public Expression ParseTarget(bool allowsNamespace)
    {
        var line = tokens.Current.Line;
        var parts = new List<Expression>();
        var isTuple = false;
        do
        {
            if (tokens.Current.IsName("in") || tokens.Current.IsOperator("="))
            {
                break;
            }

            parts.Add(ParseTargetPart(allowsNamespace));
            isTuple |= tokens.Current.IsOperator(",");
        } while (tokens.SkipOperator(","));

        return parts.Count switch
        {
            0 => throw tokens.Unexpected("the name of a variable"),
            1 when !isTuple => parts[0],
            _ => new Expression.Sequence(parts, true, line),
        };
    }

    public string ParseName()
    {
        var token = tokens.Current;
        if (
            token.Kind == TokenKind.Name
            && token.Text is "true" or "false" or "none" or "True" or "False" or "None"
        )
        {
            throw tokens.Unexpected("the name of a variable");
        }

        return tokens.Expect(TokenKind.Name, "the name of a variable").Text;
    }

    private Expression ParseTargetPart(bool allowsNamespace)
    {
        tokens.Enter();
        var line = tokens.Current.Line;
        Expression part;
        if (tokens.SkipOperator("("))
        {
            part = ParseTarget(allowsNamespace);
            tokens.ExpectOperator(")");
        }
        else
        {
            var name = ParseName();
            part =
                allowsNamespace && tokens.SkipOperator(".")
                    ? new Expression.NamespaceAttribute(name, ParseName(), line)
                    : new Expression.Name(name, line);
        }

        tokens.Leave();
        return part;
    }
}

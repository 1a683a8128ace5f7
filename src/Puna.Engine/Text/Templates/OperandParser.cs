using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>Literals, names, signs, subscripts, calls, filters and tests: what binds tighter than any operator.</summary>
internal sealed class OperandParser(TokenStream tokens, ExpressionParser expressions)
{
    public HashSet<string> NamesRead { get; } = [];

    /// <summary>A signed operand; filters and tests bind to the whole of it, except under another sign.</summary>
    public Expression ParseSigned(bool withFilters)
    {
        tokens.Enter();
        var token = tokens.Current;
        Expression result;
        if (token.Kind == TokenKind.Operator && token.Text is "-" or "+")
        {
            tokens.Take();
            result = new Expression.Sign(token.Text == "-", ParseSigned(false), token.Line);
        }
        else
        {
            result = ParsePrimary();
        }

        result = ParsePostfix(result);
        tokens.Leave();
        return withFilters ? ParseFiltersAndTests(result) : result;
    }

    /// <summary>A filter after its bar: the name and, where there are some, its arguments.</summary>
    public Expression.Filter ParseFilter(Expression operand)
    {
        var line = tokens.Current.Line;
        var name = ParseWord("the name of a filter");
        var arguments = tokens.Current.IsOperator("(")
            ? expressions.ParseArguments()
            : CallArguments.None;
        return new Expression.Filter(operand, name, arguments, line);
    }

    private Expression ParsePrimary()
    {
        var token = tokens.Take();
        switch (token.Kind)
        {
            case TokenKind.Name:
                return ParseName(token);
            case TokenKind.String:
                return new Expression.Constant(ParseStrings(token.Text), token.Line);
            case TokenKind.Integer or TokenKind.Float:
                return new Expression.Constant(token.Value!, token.Line);
            case TokenKind.Operator when token.Text == "(":
                var inner = expressions.ParseTuple(true, allowsEmpty: true);
                tokens.ExpectOperator(")");
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return new Expression.Sequence(ParseListItems(), false, token.Line);
            case TokenKind.Operator when token.Text == "{":
                return ParseMap(token.Line);
            default:
                throw TemplateLexer.Error(
                    token.Line,
                    $"unexpected {token.Described}, expected an expression"
                );
        }
    }

    private Expression ParseName(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True":
                return new Expression.Constant(true, token.Line);
            case "false" or "False":
                return new Expression.Constant(false, token.Line);
            case "none" or "None":
                return new Expression.Constant(None.Value, token.Line);
            default:
                NamesRead.Add(token.Text);
                return new Expression.Name(token.Text, token.Line);
        }
    }

    private List<Expression> ParseListItems()
    {
        var items = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            items.Add(expressions.ParseExpression());
            if (!tokens.SkipOperator(","))
            {
                break;
            }
        }

        tokens.ExpectOperator("]");
        return items;
    }

    private Expression.Map ParseMap(int line)
    {
        var pairs = new List<(Expression, Expression)>();
        while (!tokens.Current.IsOperator("}"))
        {
            var key = expressions.ParseExpression();
            tokens.ExpectOperator(":");
            pairs.Add((key, expressions.ParseExpression()));
            if (!tokens.SkipOperator(","))
            {
                break;
            }
        }

        tokens.ExpectOperator("}");
        return new Expression.Map(pairs, line);
    }

    private Expression ParsePostfix(Expression operand)
    {
        while (true)
        {
            var token = tokens.Current;
            if (token.IsOperator("."))
            {
                tokens.Take();
                operand = ParseAttribute(operand);
            }
            else if (token.IsOperator("["))
            {
                tokens.Take();
                operand = ParseSubscript(operand, token.Line);
            }
            else if (token.IsOperator("("))
            {
                operand = new Expression.Call(operand, expressions.ParseArguments(), token.Line);
            }
            else
            {
                return operand;
            }
        }
    }

    private Expression ParseAttribute(Expression owner)
    {
        var token = tokens.Take();
        return token.Kind switch
        {
            TokenKind.Name => new Expression.Attribute(owner, token.Text, token.Line),
            TokenKind.Integer => new Expression.Item(
                owner,
                new Expression.Constant(token.Value!, token.Line),
                token.Line
            ),
            _ => throw TemplateLexer.Error(
                token.Line,
                $"unexpected {token.Described}, expected the name of an attribute"
            ),
        };
    }

    private Expression ParseSubscript(Expression owner, int line)
    {
        var start = tokens.Current.IsOperator(":") ? null : expressions.ParseExpression();
        if (start is not null && !tokens.Current.IsOperator(":"))
        {
            if (tokens.Current.IsOperator(","))
            {
                throw tokens.Unexpected("']', one index alone");
            }

            tokens.ExpectOperator("]");
            return new Expression.Item(owner, start, line);
        }

        tokens.ExpectOperator(":");
        var stop = EndsSlicePart() ? null : expressions.ParseExpression();
        var step =
            tokens.SkipOperator(":") && !EndsSlicePart() ? expressions.ParseExpression() : null;
        tokens.ExpectOperator("]");
        return new Expression.Slice(owner, start, stop, step, line);
    }

    private bool EndsSlicePart() =>
        tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]");

    private Expression ParseFiltersAndTests(Expression operand)
    {
        while (true)
        {
            var token = tokens.Current;
            if (tokens.SkipOperator("|"))
            {
                operand = ParseFilter(operand);
            }
            else if (tokens.SkipName("is"))
            {
                operand = ParseTest(operand, token.Line);
            }
            else if (token.IsOperator("("))
            {
                operand = new Expression.Call(operand, expressions.ParseArguments(), token.Line);
            }
            else
            {
                return operand;
            }
        }
    }

    private Expression ParseTest(Expression operand, int line)
    {
        var isNegated = tokens.SkipName("not");
        var name = ParseWord("the name of a test");
        var arguments = CallArguments.None;
        var token = tokens.Current;
        if (token.IsOperator("("))
        {
            arguments = expressions.ParseArguments();
        }
        else if (StartsTestArgument(token))
        {
            arguments = new CallArguments([ParsePostfix(ParsePrimary())], []);
        }

        Expression test = new Expression.Test(operand, name, arguments, line);
        return isNegated ? new Expression.Not(test, line) : test;
    }

    private bool StartsTestArgument(Token token) =>
        token.Kind switch
        {
            TokenKind.Name when token.Text == "is" => throw tokens.Unexpected(
                "one test alone after 'is'"
            ),
            TokenKind.Name => token.Text is not ("else" or "or" or "and"),
            TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
            TokenKind.Operator => token.Text is "[" or "{",
            _ => false,
        };

    private string ParseWord(string expected) => tokens.Expect(TokenKind.Name, expected).Text;

    /// <summary>Strings side by side are one string.</summary>
    private string ParseStrings(string first)
    {
        if (tokens.Current.Kind != TokenKind.String)
        {
            return first;
        }

        var text = new StringBuilder(first);
        while (tokens.Current.Kind == TokenKind.String)
        {
            text.Append(tokens.Take().Text);
        }

        return text.ToString();
    }
}

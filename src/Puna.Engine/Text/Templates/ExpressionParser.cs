namespace Puna.Engine.Text.Templates;

/// <summary>
/// Recursive descent over jinja2's expression grammar, loosest first: x if c else y, or, and, not, comparisons and
/// in, + -, ~, * / // %, ** (left to right, as jinja2 has it); signs and what binds tighter are the operands'.
/// </summary>
internal sealed class ExpressionParser
{
    private readonly TokenStream _tokens;
    private readonly OperandParser _operands;

    public ExpressionParser(TokenStream stream)
    {
        _tokens = stream;
        _operands = new OperandParser(stream, this);
    }

    /// <summary>Names read so far: they decide whether the macro being parsed takes varargs.</summary>
    public HashSet<string> NamesRead => _operands.NamesRead;

    /// <summary>A filter of a block, its operand left empty.</summary>
    public Expression.Filter ParseBlockFilter() =>
        _operands.ParseFilter(new Expression.Constant("", _tokens.Current.Line));

    public Expression ParseExpression(bool withConditional = true)
    {
        _tokens.Enter();
        var line = _tokens.Current.Line;
        var result = ParseOr();
        while (withConditional && _tokens.SkipName("if"))
        {
            var condition = ParseOr();
            var otherwise = _tokens.SkipName("else") ? ParseExpression() : null;
            result = new Expression.Conditional(condition, result, otherwise, line);
        }

        _tokens.Leave();
        return result;
    }

    /// <summary>An expression or, with commas, a tuple; without the conditional form where an if may follow.</summary>
    public Expression ParseTuple(bool withConditional = true, bool allowsEmpty = false)
    {
        var line = _tokens.Current.Line;
        var items = new List<Expression>();
        var isTuple = false;
        while (!EndsTuple())
        {
            items.Add(ParseExpression(withConditional));
            if (!_tokens.SkipOperator(","))
            {
                break;
            }

            isTuple = true;
        }

        return items.Count switch
        {
            0 when !allowsEmpty => throw _tokens.Unexpected("an expression"),
            1 when !isTuple => items[0],
            _ => new Expression.Sequence(items, true, line),
        };
    }

    /// <summary>The arguments of a call, from its opening to its closing parenthesis.</summary>
    public CallArguments ParseArguments()
    {
        _tokens.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        Expression? list = null;
        Expression? map = null;
        while (!_tokens.Current.IsOperator(")"))
        {
            if (_tokens.Current.IsOperator("*") && list is null && map is null)
            {
                _tokens.Take();
                list = ParseExpression();
            }
            else if (_tokens.Current.IsOperator("**") && map is null)
            {
                _tokens.Take();
                map = ParseExpression();
            }
            else if (
                _tokens.Current.Kind == TokenKind.Name
                && _tokens.Following.IsOperator("=")
                && map is null
            )
            {
                var name = _tokens.Take().Text;
                _tokens.Take();
                named.Add((name, ParseExpression()));
            }
            else if (named.Count == 0 && list is null && map is null)
            {
                positional.Add(ParseExpression());
            }
            else
            {
                throw _tokens.Unexpected("a named argument or ')'");
            }

            if (!_tokens.SkipOperator(","))
            {
                break;
            }
        }

        _tokens.ExpectOperator(")");
        return new CallArguments(positional, named, list, map);
    }

    private bool EndsTuple() =>
        _tokens.Current.Kind is TokenKind.OutputEnd or TokenKind.BlockEnd
        || _tokens.Current.IsOperator(")");

    private Expression ParseOr()
    {
        var left = ParseAnd();
        while (_tokens.Current.IsName("or"))
        {
            var line = _tokens.Take().Line;
            left = new Expression.Or(left, ParseAnd(), line);
        }

        return left;
    }

    private Expression ParseAnd()
    {
        var left = ParseNot();
        while (_tokens.Current.IsName("and"))
        {
            var line = _tokens.Take().Line;
            left = new Expression.And(left, ParseNot(), line);
        }

        return left;
    }

    private Expression ParseNot()
    {
        if (!_tokens.Current.IsName("not"))
        {
            return ParseComparison();
        }

        _tokens.Enter();
        var line = _tokens.Take().Line;
        var result = new Expression.Not(ParseNot(), line);
        _tokens.Leave();
        return result;
    }

    private Expression ParseComparison()
    {
        var first = ParseSum();
        var links = new List<(string, Expression)>();
        while (true)
        {
            var token = _tokens.Current;
            if (
                token.Kind == TokenKind.Operator
                && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">="
            )
            {
                _tokens.Take();
                links.Add((token.Text, ParseSum()));
            }
            else if (_tokens.SkipName("in"))
            {
                links.Add(("in", ParseSum()));
            }
            else if (token.IsName("not") && _tokens.Following.IsName("in"))
            {
                _tokens.Take();
                _tokens.Take();
                links.Add(("not in", ParseSum()));
            }
            else
            {
                return links.Count == 0
                    ? first
                    : new Expression.Comparison(first, links, token.Line);
            }
        }
    }

    private Expression ParseSum()
    {
        var left = ParseConcatenation();
        while (_tokens.Current.Kind == TokenKind.Operator && _tokens.Current.Text is "+" or "-")
        {
            var token = _tokens.Take();
            left = new Expression.Arithmetic(token.Text, left, ParseConcatenation(), token.Line);
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        var first = ParseProduct();
        if (!_tokens.Current.IsOperator("~"))
        {
            return first;
        }

        var line = _tokens.Current.Line;
        var parts = new List<Expression> { first };
        while (_tokens.SkipOperator("~"))
        {
            parts.Add(ParseProduct());
        }

        return new Expression.Concatenation(parts, line);
    }

    private Expression ParseProduct()
    {
        var left = ParsePower();
        while (
            _tokens.Current.Kind == TokenKind.Operator
            && _tokens.Current.Text is "*" or "/" or "//" or "%"
        )
        {
            var token = _tokens.Take();
            left = new Expression.Arithmetic(token.Text, left, ParsePower(), token.Line);
        }

        return left;
    }

    private Expression ParsePower()
    {
        var left = _operands.ParseSigned(true);
        while (_tokens.Current.IsOperator("**"))
        {
            var line = _tokens.Take().Line;
            left = new Expression.Arithmetic("**", left, _operands.ParseSigned(true), line);
        }

        return left;
    }
}

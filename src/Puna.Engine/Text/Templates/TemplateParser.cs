namespace Puna.Engine.Text.Templates;

/// <summary>
/// Builds the statements of a template. Tags that load other templates, and the few that no chat template uses, are
/// refused by name.
/// </summary>
internal sealed class TemplateParser
{
    private readonly TokenStream _tokens;
    private readonly ExpressionParser _expressions;
    private readonly TargetParser _targets;
    private int _loopDepth;

    private TemplateParser(TokenStream tokens)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens);
        _targets = new TargetParser(tokens);
    }

    /// <summary>The body of a whole template.</summary>
    public static List<Statement> Parse(string source, TemplateLimits limits)
    {
        var parser = new TemplateParser(
            new TokenStream(TemplateLexer.Read(source), limits.ParseDepth)
        );
        return parser.ParseBody(0);
    }

    /// <summary>
    /// Statements up to a tag that starts with one of the names (it stays current, its opening taken), or up to the end of
    /// the template where there are none.
    /// </summary>
    private List<Statement> ParseBody(int openedInLine, params ReadOnlySpan<string> endNames)
    {
        _tokens.Enter();
        var body = new List<Statement>();
        while (true)
        {
            var token = _tokens.Take();
            switch (token.Kind)
            {
                case TokenKind.Text:
                    body.Add(new Statement.Text(token.Text, token.Line));
                    break;
                case TokenKind.OutputBegin:
                    body.Add(new Statement.Output(_expressions.ParseTuple(), token.Line));
                    _tokens.Expect(TokenKind.OutputEnd, "'}}'");
                    break;
                case TokenKind.End when endNames.IsEmpty:
                    _tokens.Leave();
                    return body;
                case TokenKind.End:
                    throw _tokens.Unexpected(
                        $"{Described(endNames)} for the tag of line {openedInLine}"
                    );
                default:
                    if (IsOneOf(_tokens.Current, endNames))
                    {
                        _tokens.Leave();
                        return body;
                    }

                    body.Add(ParseStatement(endNames));
                    EndTag();
                    break;
            }
        }
    }

    private static bool IsOneOf(Token token, ReadOnlySpan<string> names) =>
        token.Kind == TokenKind.Name && names.Contains(token.Text);

    private static string Described(ReadOnlySpan<string> names) =>
        "'" + string.Join("' or '", names.ToArray()) + "'";

    private void EndTag() => _tokens.Expect(TokenKind.BlockEnd, "'%}'");

    /// <summary>A body up to its one end name, which is taken.</summary>
    private List<Statement> ParseBodyTo(string endName, int line)
    {
        EndTag();
        var body = ParseBody(line, endName);
        _tokens.Take();
        return body;
    }

    private Statement ParseStatement(ReadOnlySpan<string> endNames)
    {
        var tag = _tokens.Expect(TokenKind.Name, "the name of a tag");
        switch (tag.Text)
        {
            case "if":
                return ParseIf(tag.Line);
            case "for":
                return ParseFor(tag.Line);
            case "set":
                return ParseSet(tag.Line);
            case "macro":
                return ParseMacro(tag.Line);
            case "with":
                return ParseWith(tag.Line);
            case "generation":
                return new Statement.Scoped([], ParseBodyTo("endgeneration", tag.Line), tag.Line);
            case "filter":
                var filters = ParseFilterChain();
                return new Statement.Capture(
                    null,
                    filters,
                    ParseBodyTo("endfilter", tag.Line),
                    tag.Line
                );
            case "break" when _loopDepth > 0:
                return new Statement.Break(tag.Line);
            case "continue" when _loopDepth > 0:
                return new Statement.Continue(tag.Line);
        }

        var reason = tag.Text switch
        {
            "break" or "continue" => "stands outside a loop",
            "include" or "import" or "from" or "extends" or "block" =>
                "is refused, because a chat template cannot read other templates",
            "call" or "autoescape" or "do" or "trans" or "debug" or "print" => "is not supported",
            _ => endNames.IsEmpty
                ? "is not known, expected if, for, set, macro, filter, with or generation"
                : $"is not known here, expected {Described(endNames)} or the start of another tag",
        };
        throw TemplateLexer.Error(tag.Line, $"the tag '{tag.Text}' {reason}");
    }

    private Statement.If ParseIf(int line)
    {
        var branches = new List<Statement.Branch>();
        Expression? condition = _expressions.ParseTuple(withConditional: false);
        while (true)
        {
            EndTag();
            var body = condition is null
                ? ParseBody(line, "endif")
                : ParseBody(line, "elif", "else", "endif");
            branches.Add(new Statement.Branch(condition, body));
            switch (_tokens.Take().Text)
            {
                case "elif":
                    condition = _expressions.ParseTuple(withConditional: false);
                    break;
                case "else":
                    condition = null;
                    break;
                default:
                    return new Statement.If(branches, line);
            }
        }
    }

    private Statement.For ParseFor(int line)
    {
        var target = _targets.ParseTarget(allowsNamespace: false);
        if (!_tokens.SkipName("in"))
        {
            throw _tokens.Unexpected("'in'");
        }

        var iterable = _expressions.ParseTuple(withConditional: false);
        var condition = _tokens.SkipName("if") ? _expressions.ParseExpression() : null;
        if (_tokens.Current.IsName("recursive"))
        {
            throw _tokens.Error("recursive loops are not supported, expected '%}'");
        }

        EndTag();
        _loopDepth++;
        var body = ParseBody(line, "else", "endfor");
        _loopDepth--;
        List<Statement> otherwise =
            _tokens.Take().Text == "else" ? ParseBodyTo("endfor", line) : [];
        return new Statement.For(target, iterable, condition, body, otherwise, line);
    }

    private Statement ParseSet(int line)
    {
        var target = _targets.ParseTarget(allowsNamespace: true);
        if (_tokens.SkipOperator("="))
        {
            return new Statement.Set(target, _expressions.ParseTuple(), line);
        }

        List<Expression.Filter> filters = _tokens.SkipOperator("|") ? ParseFilterChain() : [];
        return new Statement.Capture(target, filters, ParseBodyTo("endset", line), line);
    }

    /// <summary>Filters of a block, each applied to what the one before it gave.</summary>
    private List<Expression.Filter> ParseFilterChain()
    {
        var filters = new List<Expression.Filter>();
        do
        {
            filters.Add(_expressions.ParseBlockFilter());
        } while (_tokens.SkipOperator("|"));
        return filters;
    }

    private Statement.Macro ParseMacro(int line)
    {
        var name = _targets.ParseName();
        var parameters = new List<Statement.MacroParameter>();
        _tokens.ExpectOperator("(");
        while (!_tokens.Current.IsOperator(")"))
        {
            var parameter = _targets.ParseName();
            var value = _tokens.SkipOperator("=") ? _expressions.ParseExpression() : null;
            if (value is null && parameters.Count > 0 && parameters[^1].Default is not null)
            {
                throw _tokens.Unexpected(
                    $"'=', because an earlier parameter than '{parameter}' has a default"
                );
            }

            parameters.Add(new Statement.MacroParameter(parameter, value));
            if (!_tokens.SkipOperator(","))
            {
                break;
            }
        }

        _tokens.ExpectOperator(")");
        var outerLoops = _loopDepth;
        var names = _expressions.NamesRead;
        var outerTakesList = names.Remove("varargs");
        var outerTakesMap = names.Remove("kwargs");
        _loopDepth = 0;
        var body = ParseBodyTo("endmacro", line);
        var takesList = names.Contains("varargs");
        var takesMap = names.Contains("kwargs");
        KeepName("varargs", outerTakesList);
        KeepName("kwargs", outerTakesMap);
        _loopDepth = outerLoops;
        return new Statement.Macro(name, parameters, body, takesList, takesMap, line);
    }

    private Statement.Scoped ParseWith(int line)
    {
        var bindings = new List<(Expression, Expression)>();
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            var target = _targets.ParseTarget(allowsNamespace: false);
            _tokens.ExpectOperator("=");
            bindings.Add((target, _expressions.ParseExpression()));
            if (!_tokens.SkipOperator(","))
            {
                break;
            }
        }

        return new Statement.Scoped(bindings, ParseBodyTo("endwith", line), line);
    }

    /// <summary>A name read in an inner macro is no reading of the outer one.</summary>
    private void KeepName(string name, bool wasRead)
    {
        if (wasRead)
        {
            _expressions.NamesRead.Add(name);
        }
        else
        {
            _expressions.NamesRead.Remove(name);
        }
    }
}

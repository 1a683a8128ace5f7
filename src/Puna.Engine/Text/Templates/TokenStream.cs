using System.Runtime.CompilerServices;

namespace Puna.Engine.Text.Templates;

/// <summary>The tokens of a template with a reading position, and the count of nesting that guards the stack.</summary>
internal sealed class TokenStream(List<Token> tokens, int depthLimit)
{
    private int _position;
    private int _depth;

    public Token Current => tokens[_position];

    public Token Following => tokens[Math.Min(_position + 1, tokens.Count - 1)];

    /// <summary>Gives the current token and moves on; the End token stays.</summary>
    public Token Take()
    {
        var token = tokens[_position];
        if (token.Kind != TokenKind.End)
        {
            _position++;
        }

        return token;
    }

    public bool SkipOperator(string symbol) => Skip(Current.IsOperator(symbol));

    public bool SkipName(string name) => Skip(Current.IsName(name));

    public void ExpectOperator(string symbol)
    {
        if (!SkipOperator(symbol))
        {
            throw Unexpected($"'{symbol}'");
        }
    }

    public Token Expect(TokenKind kind, string expected) =>
        Current.Kind == kind ? Take() : throw Unexpected(expected);

    public InputException Unexpected(string expected) =>
        Error($"unexpected {Current.Described}, expected {expected}");

    public InputException Error(string message) => TemplateLexer.Error(Current.Line, message);

    /// <summary>Goes one level of nesting deeper; every call is matched by <see cref="Leave"/>.</summary>
    public void Enter()
    {
        if (++_depth > depthLimit || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw Error($"tags and expressions are nested deeper than {depthLimit} levels");
        }
    }

    public void Leave() => _depth--;

    private bool Skip(bool matches)
    {
        if (matches)
        {
            _position++;
        }

        return matches;
    }
}

namespace Puna.Engine.Text.Templates;

/// <summary>A piece of the source: its kind, its text (a string's decoded value), a number's value, its line from 1.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Line, object? Value = null)
{
    public bool IsOperator(string symbol) => Kind == TokenKind.Operator && Text == symbol;

    public bool IsName(string name) => Kind == TokenKind.Name && Text == name;

    /// <summary>How an error message names it.</summary>
    public string Described =>
        Kind switch
        {
            TokenKind.End => "the end of the template",
            TokenKind.Text => "text",
            TokenKind.BlockBegin => "'{%'",
            TokenKind.BlockEnd => "'%}'",
            TokenKind.OutputBegin => "'{{'",
            TokenKind.OutputEnd => "'}}'",
            TokenKind.String => "a string",
            _ => $"'{(Text.Length > 40 ? Text[..40] : Text)}'",
        };
}

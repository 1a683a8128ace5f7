namespace Puna.Engine.Text.Templates;

/// <summary>
/// Cuts a template into text and tags with jinja2's rules under trim_blocks and lstrip_blocks: a newline right after a
/// block or comment tag goes, blanks before such a tag at the start of a line go, '-' strips all whitespace on its
/// side, '+' switches the two rules off, one newline at the very end of the template is dropped.
/// </summary>
internal sealed class TemplateLexer
{
    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _position;
    private int _line = 1;
    private int _linesCountedTo;
    private bool _lineStarts = true;

    private TemplateLexer(string source) => _source = source;

    /// <summary>All tokens, the last one of kind End.</summary>
    public static List<Token> Read(string source)
    {
        var normal = source.Replace("\r\n", "\n").Replace('\r', '\n');
        var lexer = new TemplateLexer(normal.EndsWith('\n') ? normal[..^1] : normal);
        lexer.ReadSections();
        return lexer._tokens;
    }

    /// <summary>A syntax error's sentence.</summary>
    public static InputException Error(int line, string message) =>
        new($"The chat template has a syntax error in line {line}: {message}.");

    private void ReadSections()
    {
        while (_position < _source.Length)
        {
            var tag = FindTag(_position);
            if (tag < 0)
            {
                AddText(_position, _source.Length);
                break;
            }

            var kind = _source[tag + 1];
            var inner = tag + 2;
            var sign = At(inner) is '-' or '+' ? At(inner++) : '\0';
            AddText(_position, TextEnd(_position, tag, sign, kind != '{'));
            _position = inner;
            if (kind == '#')
            {
                SkipComment(tag);
            }
            else if (kind == '%' && RawBodyStart(inner) is { } body)
            {
                ReadRaw(tag, body);
            }
            else
            {
                _tokens.Add(Mark(kind == '%' ? TokenKind.BlockBegin : TokenKind.OutputBegin, tag));
                var code = new CodeLexer(_source, kind == '%', LineAt, _tokens);
                _position = code.Read(inner);
            }

            _lineStarts = _source[_position - 1] == '\n';
        }

        _tokens.Add(Mark(TokenKind.End, _source.Length));
    }

    private int FindTag(int start)
    {
        for (var at = start; ; at++)
        {
            at = _source.IndexOf('{', at);
            if (at < 0 || at + 1 >= _source.Length)
            {
                return -1;
            }

            if (_source[at + 1] is '{' or '%' or '#')
            {
                return at;
            }
        }
    }

    /// <summary>Where the text before a tag ends once the tag's whitespace rule has been applied.</summary>
    private int TextEnd(int start, int tag, char sign, bool stripsLine)
    {
        if (sign == '+' || (sign != '-' && !stripsLine))
        {
            return tag;
        }

        var end = tag;
        while (
            end > start
            && PythonText.IsSpace(_source[end - 1])
            && (sign == '-' || _source[end - 1] != '\n')
        )
        {
            end--;
        }

        if (sign == '-')
        {
            return end;
        }

        var reachesLineStart = end == start ? _lineStarts : _source[end - 1] == '\n';
        return reachesLineStart ? end : tag;
    }

    private void SkipComment(int tag)
    {
        var end = _source.IndexOf("#}", _position, StringComparison.Ordinal);
        if (end < 0)
        {
            throw Error(LineAt(tag), "the comment is not closed, expected '#}'");
        }

        var sign = end > _position ? _source[end - 1] : '\0';
        _position = AfterTag(end + 2, sign);
    }

    private int AfterTag(int position, char sign) => AfterTag(_source, position, sign);

    /// <summary>Where text goes on after a closing tag that had this sign before it.</summary>
    public static int AfterTag(string source, int position, char sign)
    {
        if (sign == '-')
        {
            while (position < source.Length && PythonText.IsSpace(source[position]))
            {
                position++;
            }
        }
        else if (sign != '+' && position < source.Length && source[position] == '\n')
        {
            position++;
        }

        return position;
    }

    /// <summary>Where a raw block's text starts if a raw tag's inside starts here.</summary>
    private int? RawBodyStart(int inner)
    {
        var at = Keyword(inner, "raw");
        if (at < 0)
        {
            return null;
        }

        if (At(at) == '-' && At(at + 1) == '%' && At(at + 2) == '}')
        {
            return AfterTag(at + 3, '-');
        }

        return At(at) == '%' && At(at + 1) == '}' ? at + 2 : null;
    }

    private void ReadRaw(int tag, int body)
    {
        _lineStarts = _source[body - 1] == '\n';
        for (var end = body; ; end++)
        {
            end = _source.IndexOf("{%", end, StringComparison.Ordinal);
            if (end < 0)
            {
                throw Error(LineAt(tag), "the raw block is not closed, expected '{% endraw %}'");
            }

            var inner = end + 2;
            var sign = At(inner) is '-' or '+' ? At(inner++) : '\0';
            var at = Keyword(inner, "endraw");
            var closing = at >= 0 && At(at) is '-' or '+' ? At(at++) : '\0';
            if (at >= 0 && At(at) == '%' && At(at + 1) == '}')
            {
                AddText(body, TextEnd(body, end, sign, true));
                _position = AfterTag(at + 2, closing);
                return;
            }
        }
    }

    /// <summary>The position after optional blanks, the word and optional blanks, or -1.</summary>
    private int Keyword(int at, string word)
    {
        at = SkipSpace(at);
        return string.CompareOrdinal(_source, at, word, 0, word.Length) == 0
            ? SkipSpace(at + word.Length)
            : -1;
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PythonText.IsSpace(_source[at]))
        {
            at++;
        }

        return at;
    }

    private char At(int index) => index < _source.Length ? _source[index] : '\0';

    private void AddText(int start, int end)
    {
        if (end > start)
        {
            _tokens.Add(new Token(TokenKind.Text, _source[start..end], LineAt(start)));
        }
    }

    private Token Mark(TokenKind kind, int at) => new(kind, "", LineAt(at));

    /// <summary>Line of a position; positions come in rising order, so each newline is counted once.</summary>
    private int LineAt(int position)
    {
        for (; _linesCountedTo < position; _linesCountedTo++)
        {
            if (_source[_linesCountedTo] == '\n')
            {
                _line++;
            }
        }

        return _line;
    }
}

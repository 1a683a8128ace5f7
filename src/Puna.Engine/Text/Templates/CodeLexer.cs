using System.Globalization;
using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>Cuts the inside of one block or output tag into names, literals and operators, up to the closing tag.</summary>
internal sealed class CodeLexer(
    string source,
    bool isBlock,
    Func<int, int> lineAt,
    List<Token> tokens
)
{
    private static readonly string[] LongOperators = ["//", "**", "==", "!=", ">=", "<="];
    private const int LongestName = 1000;
    private const string ShortOperators = "+-/*%~[](){}><=.:|,;";
    private readonly Stack<char> _open = new();

    /// <summary>Reads from a position inside the tag; gives the position where text goes on.</summary>
    public int Read(int position)
    {
        while (position < source.Length)
        {
            if (_open.Count == 0 && ClosingTag(position) is { } after)
            {
                return after;
            }

            var character = source[position];
            position =
                PythonText.IsSpace(character) ? position + 1
                : char.IsAsciiDigit(character) ? Number(position)
                : PythonText.IsWordCharacter(source, position) ? Name(position)
                : character is '\'' or '"' ? String(position)
                : Operator(position);
        }

        var expected =
            _open.Count > 0 ? $"'{_open.Peek()}'"
            : isBlock ? "'%}'"
            : "'}}'";
        throw TemplateLexer.Error(
            lineAt(source.Length),
            $"the template ends inside a tag, expected {expected}"
        );
    }

    private int? ClosingTag(int position)
    {
        var sign = source[position];
        var at = sign == '-' || (sign == '+' && isBlock) ? position + 1 : position;
        if (at + 1 >= source.Length || source[at] != (isBlock ? '%' : '}') || source[at + 1] != '}')
        {
            return null;
        }

        Add(isBlock ? TokenKind.BlockEnd : TokenKind.OutputEnd, position, "");
        // An output tag never eats the newline after it.
        return TemplateLexer.AfterTag(
            source,
            at + 2,
            sign == '-' ? '-'
                : isBlock ? sign
                : '+'
        );
    }

    private int Name(int start)
    {
        var end = start;
        while (end < source.Length && PythonText.IsWordCharacter(source, end))
        {
            end += char.IsHighSurrogate(source[end]) ? 2 : 1;
        }

        if (end - start > LongestName)
        {
            throw TemplateLexer.Error(
                lineAt(start),
                $"a name has {end - start} characters, expected at most {LongestName}"
            );
        }

        Add(TokenKind.Name, start, source[start..end]);
        return end;
    }

    private int Number(int start)
    {
        var radix = char.ToLowerInvariant(At(start + 1)) switch
        {
            'x' => 16,
            'o' => 8,
            'b' => 2,
            _ => 10,
        };
        if (source[start] == '0' && radix != 10)
        {
            var last = Digits(start + 2, radix);
            if (last > start + 2)
            {
                AddInteger(start, source[(start + 2)..last], radix);
                return last;
            }
        }

        var end = Digits(start, 10);
        var isFloat = false;
        // "messages.0.5" would be item 0, then item 5, never a fraction.
        if (start == 0 || source[start - 1] != '.')
        {
            if (At(end) == '.' && char.IsAsciiDigit(At(end + 1)))
            {
                end = Digits(end + 1, 10);
                isFloat = true;
            }

            var exponent = At(end + 1) is '+' or '-' ? end + 2 : end + 1;
            if (At(end) is 'e' or 'E' && char.IsAsciiDigit(At(exponent)))
            {
                end = Digits(exponent, 10);
                isFloat = true;
            }
        }

        var digits = source[start..end].Replace("_", "");
        if (isFloat)
        {
            var value = double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
            Add(TokenKind.Float, start, source[start..end], value);
        }
        else if (digits[0] == '0' && digits.Length > 1)
        {
            // Python has no integers with leading zeros: the zeros are one number, the rest another.
            end = start + 1;
            Add(TokenKind.Integer, start, "0", 0L);
        }
        else
        {
            AddInteger(start, digits, 10);
        }

        return end;
    }

    /// <summary>The end of a run of digits that single underscores may part.</summary>
    private int Digits(int at, int radix)
    {
        while (
            IsDigit(At(at), radix)
            || (At(at) == '_' && IsDigit(At(at + 1), radix) && At(at - 1) != '_')
        )
        {
            at++;
        }

        return at;
    }

    private static bool IsDigit(char character, int radix) =>
        radix == 16 ? char.IsAsciiHexDigit(character) : character >= '0' && character < '0' + radix;

    private void AddInteger(int start, string digits, int radix)
    {
        long value = 0;
        foreach (var digit in digits)
        {
            if (digit == '_')
            {
                continue;
            }

            var worth = char.IsAsciiDigit(digit) ? digit - '0' : (digit | 32) - 'a' + 10;
            if (value > (long.MaxValue - worth) / radix)
            {
                throw TemplateLexer.Error(
                    lineAt(start),
                    "an integer does not fit 64 bits, expected at most 9223372036854775807"
                );
            }

            value = (value * radix) + worth;
        }

        Add(TokenKind.Integer, start, digits, value);
    }

    private int String(int start)
    {
        var quote = source[start];
        var text = new StringBuilder();
        var at = start + 1;
        while (at < source.Length && source[at] != quote)
        {
            if (source[at] == '\\' && at + 1 < source.Length)
            {
                at = StringEscapes.Append(source, at + 1, text, lineAt);
            }
            else
            {
                text.Append(source[at++]);
            }
        }

        if (at >= source.Length)
        {
            throw TemplateLexer.Error(
                lineAt(start),
                $"a string is not closed, expected another {quote}"
            );
        }

        Add(TokenKind.String, start, text.ToString());
        return at + 1;
    }

    private int Operator(int start)
    {
        foreach (var symbol in LongOperators)
        {
            if (string.CompareOrdinal(source, start, symbol, 0, 2) == 0)
            {
                Add(TokenKind.Operator, start, symbol);
                return start + 2;
            }
        }

        var character = source[start];
        if (!ShortOperators.Contains(character))
        {
            throw TemplateLexer.Error(
                lineAt(start),
                $"unexpected character U+{(int)character:X4}, expected an expression or a closing tag"
            );
        }

        if (character is '(' or '[' or '{')
        {
            _open.Push(
                character == '(' ? ')'
                : character == '[' ? ']'
                : '}'
            );
        }
        else if (character is ')' or ']' or '}')
        {
            var expected = _open.Count > 0 ? $"'{_open.Peek()}'" : "a closing tag";
            if (_open.Count == 0 || _open.Pop() != character)
            {
                throw TemplateLexer.Error(
                    lineAt(start),
                    $"unexpected '{character}', expected {expected}"
                );
            }
        }

        Add(TokenKind.Operator, start, character.ToString());
        return start + 1;
    }

    private char At(int index) => index < source.Length ? source[index] : '\0';

    private void Add(TokenKind kind, int position, string text, object? value = null) =>
        tokens.Add(new Token(kind, text, lineAt(position), value));
}

using System.Globalization;
using System.Text;

namespace Puna.Engine.Text.PreTokenizers;

/// <summary><c>[\p{P}\$\+&lt;=&gt;\^~\|]+</c></summary>
internal sealed class PunctuationScanner : IScanner
{
    /// <inheritdoc/>
    public int Match(ReadOnlySpan<char> text, int start)
    {
        while (start < text.Length)
        {
            Rune.DecodeFromUtf16(text[start..], out var rune, out var length);
            var punctuation =
                Rune.GetUnicodeCategory(rune)
                is >= UnicodeCategory.ConnectorPunctuation
                    and <= UnicodeCategory.OtherPunctuation;
            if (
                !punctuation
                && rune.Value is not ('$' or '+' or '<' or '=' or '>' or '^' or '~' or '|')
            )
            {
                break;
            }

            start += length;
        }

        return start;
    }
}

using System.Text;
using Puna.Engine.Text.Normalization;

namespace Puna.Engine.Text;

/// <summary>
/// What SentencePiece does to a text before it is cut: the compiled character map where the file has one, blanks
/// trimmed and merged where it says so, a blank in front where it says so, and every blank written as the meta-space.
/// </summary>
internal sealed class SentencePieceNormalizer
{
    /// <summary>U+2581, which stands for a blank inside pieces.</summary>
    public const char MetaSpace = '\u2581';

    private readonly CharacterMap? _map;
    private readonly bool _removeExtraBlanks;
    private readonly bool _prefixUnlessBlank;

    /// <summary>Reads the normaliser's settings.</summary>
    /// <exception cref="InputException">The character map is damaged.</exception>
    public SentencePieceNormalizer(TokenizerData data)
    {
        _map = data.CharacterMap.IsEmpty ? null : new CharacterMap(data.CharacterMap);
        _removeExtraBlanks = data.RemoveExtraBlanks;
        _prefixUnlessBlank = data.SpacePrefixUnlessBlank;
    }

    /// <summary>Normalises a stretch of text; nothing gives nothing, with or without a prefix.</summary>
    public string Normalize(ReadOnlySpan<char> text, bool addPrefix)
    {
        var mapped = _map is null ? text : _map.Apply(text);
        if (_removeExtraBlanks)
        {
            mapped = OneBlank(mapped);
        }

        if (mapped.IsEmpty)
        {
            return string.Empty;
        }

        addPrefix &= !_prefixUnlessBlank || mapped[0] is not (' ' or MetaSpace);
        var prefix = addPrefix ? 1 : 0;
        return string.Create(
            mapped.Length + prefix,
            mapped,
            (units, source) =>
            {
                var body = units[^source.Length..];
                source.Replace(body, ' ', MetaSpace);
                if (body.Length < units.Length)
                {
                    units[0] = MetaSpace;
                }
            }
        );
    }

    /// <summary>At the end a meta-space that the text itself has counts as a blank, as in SentencePiece.</summary>
    private static string OneBlank(ReadOnlySpan<char> text)
    {
        var builder = new StringBuilder(text.Length);
        foreach (var unit in text.TrimStart(' ').TrimEnd([' ', MetaSpace]))
        {
            if (unit != ' ' || builder[^1] != ' ')
            {
                builder.Append(unit);
            }
        }

        return builder.ToString();
    }
}

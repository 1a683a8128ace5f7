using System.Globalization;
using System.Text;

namespace Puna.Engine.Text;

/// <summary>
/// The checked pieces of a tokenizer: spelling to id, id to bytes, types and ends. Everything a file can get wrong
/// about ids is refused here, so that the algorithms need no checks.
/// </summary>
internal sealed class Vocabulary
{
    /// <summary>What SentencePiece shows for a token that stands for nothing it knows.</summary>
    private const string UnknownSurface = " \u2047 ";

    private readonly byte[] _bytes;
    private readonly int[] _offsets;
    private readonly TokenType[] _types;
    private readonly bool[] _ends;
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;

    /// <summary>Checks the pieces, their types and the ids of special tokens.</summary>
    /// <exception cref="InputException">Two pieces are the same, an id lies outside the vocabulary, or lists differ in length.</exception>
    public Vocabulary(TokenizerData data)
    {
        Data = data;
        Count = data.Pieces.Count;
        if (Count == 0)
        {
            throw new InputException(
                "The tokenizer has an empty vocabulary; at least one piece is needed."
            );
        }

        CheckLength(data.Types.Count, "types");
        CheckLength(data.Scores.Count, "scores");
        CheckId(data.BosId, "beginning-of-sequence");
        CheckId(data.EosId, "end-of-sequence");
        CheckId(data.UnknownId, "unknown");
        _types = new TokenType[Count];
        Array.Fill(_types, TokenType.Normal);
        for (var id = 0; id < data.Types.Count; id++)
        {
            _types[id] = data.Types[id];
        }

        _ends = new bool[Count];
        foreach (var id in data.EndIds)
        {
            CheckId(id, "end-of-turn");
            _ends[id] = true;
        }

        if (data.EosId is { } eos)
        {
            _ends[eos] = true;
        }

        _ids = Index(data.Pieces);
        _idsBySpan = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        (_bytes, _offsets) = Spell();
    }

    /// <summary>The data it was built from.</summary>
    public TokenizerData Data { get; }

    /// <summary>Number of ids.</summary>
    public int Count { get; }

    /// <summary>Type of an id.</summary>
    public TokenType Type(int id) => _types[id];

    /// <summary>Spelling of an id as the file has it.</summary>
    public string Piece(int id) => Data.Pieces[id];

    /// <summary>True for an id after which generation stops.</summary>
    public bool IsEnd(int id) => (uint)id < (uint)Count && _ends[id];

    /// <summary>Id of a spelling.</summary>
    public bool TryId(ReadOnlySpan<char> piece, out int id) =>
        _idsBySpan.TryGetValue(piece, out id);

    /// <summary>The bytes that an id stands for inside a text, empty for control tokens.</summary>
    /// <exception cref="InputException">The id lies outside the vocabulary.</exception>
    public ReadOnlySpan<byte> Bytes(int id)
    {
        if ((uint)id >= (uint)Count)
        {
            throw new InputException(
                $"Token id {id} was asked for, but the vocabulary has the ids 0 to {Count - 1}."
            );
        }

        return _bytes.AsSpan(_offsets[id], _offsets[id + 1] - _offsets[id]);
    }

    /// <summary>The value of a byte piece such as &lt;0x0A&gt;, or -1.</summary>
    public static int ByteValue(string piece) =>
        piece.Length == 6
        && piece.StartsWith("<0x", StringComparison.Ordinal)
        && piece[5] == '>'
        && byte.TryParse(
            piece.AsSpan(3, 2),
            NumberStyles.AllowHexSpecifier,
            CultureInfo.InvariantCulture,
            out var value
        )
            ? value
            : -1;

    private static Dictionary<string, int> Index(IReadOnlyList<string> pieces)
    {
        var ids = new Dictionary<string, int>(pieces.Count, StringComparer.Ordinal);
        for (var id = 0; id < pieces.Count; id++)
        {
            if (pieces[id].Length > 0 && !ids.TryAdd(pieces[id], id))
            {
                throw new InputException(
                    $"The tokenizer's pieces {ids[pieces[id]]} and {id} are both '{pieces[id]}'; every piece may stand only once."
                );
            }
        }

        return ids;
    }

    private (byte[] Bytes, int[] Offsets) Spell()
    {
        var bytes = new List<byte>(Count * 8);
        var offsets = new int[Count + 1];
        Span<byte> one = stackalloc byte[1];
        for (var id = 0; id < Count; id++)
        {
            offsets[id] = bytes.Count;
            var piece = Data.Pieces[id];
            switch (_types[id])
            {
                case TokenType.Control:
                    break;
                case TokenType.Unknown when Data.Kind == TokenizerKind.SentencePieceBpe:
                    bytes.AddRange(Encoding.UTF8.GetBytes(UnknownSurface));
                    break;
                case TokenType.Unknown
                or TokenType.UserDefined when Data.Kind == TokenizerKind.ByteLevelBpe:
                    bytes.AddRange(Encoding.UTF8.GetBytes(piece));
                    break;
                case TokenType.Byte when ByteValue(piece) is >= 0 and var value:
                    one[0] = (byte)value;
                    bytes.AddRange(one);
                    break;
                default:
                    bytes.AddRange(
                        Data.Kind == TokenizerKind.ByteLevelBpe
                            ? ByteLevelAlphabet.Bytes(piece)
                            : Encoding.UTF8.GetBytes(
                                piece.Replace(SentencePieceNormalizer.MetaSpace, ' ')
                            )
                    );
                    break;
            }
        }

        offsets[Count] = bytes.Count;
        return ([.. bytes], offsets);
    }

    private void CheckLength(int length, string what)
    {
        if (length != 0 && length != Count)
        {
            throw new InputException(
                $"The tokenizer has {Count} pieces but {length} {what}; as many of each, or no {what}, are needed."
            );
        }
    }

    private void CheckId(int? id, string what)
    {
        if (id is { } value && (uint)value >= (uint)Count)
        {
            throw new InputException(
                $"The tokenizer's {what} id is {value}, but the vocabulary has the ids 0 to {Count - 1}."
            );
        }
    }
}

using System.Text;

namespace Puna.Engine.Text;

/// <summary>
/// SentencePiece BPE: the text is normalised, user-defined pieces are matched whole, and neighbouring characters are
/// joined while the joined spelling is a piece, best score first. What is no piece falls back to bytes, else to the
/// unknown token.
/// </summary>
internal sealed class SentencePieceTokenizer : ITokenizer
{
    private const char MetaSpace = SentencePieceNormalizer.MetaSpace;
    private readonly Vocabulary _vocabulary;
    private readonly IPairTable _pairs;
    private readonly SentencePieceNormalizer _normalizer;
    private readonly SpecialTokens _special;
    private readonly SpecialTokenMatcher _userDefined;
    private readonly WordCache _cache = new();
    private readonly int[] _byteIds = new int[256];
    private readonly bool _cutBeforeBlanks;

    /// <summary>Builds it from checked data.</summary>
    /// <exception cref="InputException">Ids and merges do not fit the vocabulary.</exception>
    public SentencePieceTokenizer(TokenizerData data)
    {
        _vocabulary = new Vocabulary(data);
        _pairs =
            data.Scores.Count > 0
                ? new ScoreRanks(_vocabulary, data.Scores)
                : new MergeRanks(_vocabulary, data.Merges);
        _normalizer = new SentencePieceNormalizer(data);

        // The blank that the normaliser puts in front belongs to the spelling, one that a pre-tokeniser puts there does not.
        _special = new SpecialTokens(
            _vocabulary,
            splitUserDefined: false,
            spelling =>
                _normalizer.Normalize(spelling, data.AddSpacePrefix && !data.SpacePrefixUnlessBlank)
        );
        var added = data.AddedTokens.Select(token => token.Id).ToHashSet();
        _userDefined = new SpecialTokenMatcher(
            Enumerable
                .Range(0, _vocabulary.Count)
                .Where(id => _vocabulary.Type(id) == TokenType.UserDefined && !added.Contains(id))
                .Select(id => (_vocabulary.Piece(id).Replace(' ', MetaSpace), new AddedToken(id)))
        );
        Array.Fill(_byteIds, -1);
        _cutBeforeBlanks = true;
        for (var id = 0; id < _vocabulary.Count; id++)
        {
            var type = _vocabulary.Type(id);
            if (
                type == TokenType.Byte
                && Vocabulary.ByteValue(_vocabulary.Piece(id)) is >= 0 and var value
            )
            {
                _byteIds[value] = id;
            }

            _cutBeforeBlanks &= !ScoreRanks.IsText(type) || !HasInnerBlank(_vocabulary.Piece(id));
        }
    }

    /// <inheritdoc/>
    public TokenizerData Data => _vocabulary.Data;

    /// <inheritdoc/>
    public int VocabularySize => _vocabulary.Count;

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(string text, bool parseSpecial = true) =>
        Encode(text, parseSpecial, guard: null);

    /// <inheritdoc/>
    public IReadOnlyList<int> EncodeGuarded(string text, char guard) =>
        Encode(text, parseSpecial: true, guard);

    /// <inheritdoc/>
    public string Guard(string text, char guard) => _special.Guard(text, guard);

    private List<int> Encode(string text, bool parseSpecial, char? guard)
    {
        var whole = WellFormedText.Of(text);
        var work = new Work(new List<int>((whole.Length / 4) + 4));
        foreach (var segment in _special.Raw(parseSpecial).Split(whole, guard))
        {
            if (!segment.IsText)
            {
                work.Ids.Add(segment.Id);
                work.LastIsUnknown = false;
                continue;
            }

            var prefix = Data.AddSpacePrefix && (segment.Start == 0 || !Data.SpacePrefixFirstOnly);
            var plain = _normalizer.Normalize(whole.AsSpan(segment.Start, segment.Length), prefix);
            foreach (var part in _special.Normalized(parseSpecial).Split(plain, guard))
            {
                if (part.IsText)
                {
                    EncodePlain(
                        SpecialTokens.Unguarded(plain.AsSpan(part.Start, part.Length), guard),
                        work
                    );
                }
                else
                {
                    work.Ids.Add(part.Id);
                    work.LastIsUnknown = false;
                }
            }
        }

        return work.Ids;
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Bytes(int id) => _vocabulary.Bytes(id);

    /// <inheritdoc/>
    public string Decode(IReadOnlyList<int> ids, bool showSpecial = false) =>
        StreamingDetokenizer.DecodeAll(this, ids, showSpecial);

    /// <inheritdoc/>
    public int? IdOf(string piece) => _vocabulary.TryId(piece, out var id) ? id : null;

    /// <inheritdoc/>
    public bool IsEnd(int id) => _vocabulary.IsEnd(id);

    /// <summary>True when a blank follows something else inside a piece, so that words cannot be cut apart before blanks.</summary>
    private static bool HasInnerBlank(string piece)
    {
        var trimmed = piece.AsSpan().TrimStart(MetaSpace);
        return trimmed.Contains(MetaSpace);
    }

    /// <summary>Takes user-defined pieces out of normalised text, and merges what lies between.</summary>
    private void EncodePlain(ReadOnlySpan<char> plain, Work work)
    {
        foreach (var part in _userDefined.Split(plain))
        {
            if (part.IsText)
            {
                EncodeText(plain.Slice(part.Start, part.Length), work);
            }
            else
            {
                work.Ids.Add(part.Id);
                work.LastIsUnknown = false;
            }
        }
    }

    /// <summary>
    /// Cuts the text before every blank that follows something else, where no piece could join the two sides: merges on
    /// both sides are then independent, so each word can be merged, and remembered, for itself.
    /// </summary>
    private void EncodeText(ReadOnlySpan<char> text, Work work)
    {
        while (!text.IsEmpty)
        {
            var end = _cutBeforeBlanks || Data.SplitAtBlanks ? WordEnd(text) : text.Length;
            var word = text[..end];
            text = text[end..];
            if (_cache.TryAppend(word, work.Ids))
            {
                work.LastIsUnknown = false;
                continue;
            }

            var from = work.Ids.Count;
            var afterUnknown = work.LastIsUnknown;
            var hasUnknown = EncodeWord(word, work);
            if (!hasUnknown && !afterUnknown)
            {
                _cache.Keep(word, work.Ids, from);
            }
        }
    }

    private int WordEnd(ReadOnlySpan<char> text)
    {
        var blanks = Data.SplitAtBlanks ? 1 : text.IndexOfAnyExcept(MetaSpace);
        if (blanks < 0)
        {
            return text.Length;
        }

        var rest = text[blanks..].IndexOf(MetaSpace);
        return rest < 0 ? text.Length : blanks + rest;
    }

    /// <summary>Merges one word; true when the unknown token was needed.</summary>
    private bool EncodeWord(ReadOnlySpan<char> word, Work work)
    {
        var merged = new Word(this, word, work);
        work.Merger.Merge(ref merged, _pairs);
        return merged.HasUnknown;
    }

    private int TextId(ReadOnlySpan<char> spelling) =>
        _vocabulary.TryId(spelling, out var id) && ScoreRanks.IsText(_vocabulary.Type(id))
            ? id
            : -1;

    /// <summary>Says a character in bytes, or else by the unknown token, of which neighbours count as one.</summary>
    private bool AddFallback(ReadOnlySpan<char> character, Work work)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..Encoding.UTF8.GetBytes(character, bytes)];
        var from = work.Ids.Count;
        foreach (var value in bytes)
        {
            if (_byteIds[value] < 0)
            {
                work.Ids.RemoveRange(from, work.Ids.Count - from);
                return AddUnknown(character, work);
            }

            work.Ids.Add(_byteIds[value]);
        }

        work.LastIsUnknown = false;
        return false;
    }

    private bool AddUnknown(ReadOnlySpan<char> character, Work work)
    {
        var unknown =
            Data.UnknownId
            ?? throw new InputException(
                $"The text holds '{character}', for which this tokenizer has neither a piece, bytes nor an unknown token."
            );
        if (!work.LastIsUnknown)
        {
            work.Ids.Add(unknown);
        }

        work.LastIsUnknown = true;
        return true;
    }

    /// <summary>What one call to encode needs for itself.</summary>
    private sealed class Work(List<int> ids)
    {
        public List<int> Ids { get; } = ids;

        public BpeMerger Merger { get; } = new();

        public bool LastIsUnknown { get; set; }
    }

    /// <summary>Characters that become ids.</summary>
    private ref struct Word(SentencePieceTokenizer tokenizer, ReadOnlySpan<char> text, Work work)
        : IBpeWord
    {
        private readonly int _from = work.Ids.Count;
        private readonly bool _afterUnknown = work.LastIsUnknown;

        public bool HasUnknown { get; private set; }

        public readonly int Length => Text.Length;

        public ReadOnlySpan<char> Text { get; } = text;

        public readonly bool Read(int at, out int length, out int id)
        {
            length = char.IsHighSurrogate(Text[at]) ? 2 : 1;
            id = tokenizer.TextId(Text.Slice(at, length));
            return true;
        }

        public readonly bool IsSame(int first, int second, int length) =>
            Text.Slice(first, length).SequenceEqual(Text.Slice(second, length));

        public void Accept(BpeSymbol symbol)
        {
            if (symbol.Id >= 0)
            {
                work.Ids.Add(symbol.Id);
                work.LastIsUnknown = false;
            }
            else
            {
                HasUnknown |= tokenizer.AddFallback(Text.Slice(symbol.Start, symbol.Length), work);
            }
        }

        public void Restart()
        {
            work.Ids.RemoveRange(_from, work.Ids.Count - _from);
            work.LastIsUnknown = _afterUnknown;
            HasUnknown = false;
        }
    }
}

using System.Runtime.InteropServices;
using System.Text;
using Puna.Engine.Text.Normalization;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Text;

/// <summary>
/// Byte-level BPE: special tokens are taken out of the text, a pre-tokeniser cuts the rest into words, and the bytes
/// of each word are merged by rank. Every text is said exactly, whatever its script, as long as all bytes are in the
/// vocabulary; a byte that is not (SmolLM2 lacks some control characters) is the unknown token where the model names
/// one, else left out.
/// </summary>
internal sealed class ByteLevelTokenizer : ITokenizer
{
    private readonly Vocabulary _vocabulary;
    private readonly MergeRanks _merges;
    private readonly PreTokenizer _preTokenizer;
    private readonly SpecialTokens _special;
    private readonly WordCache _cache = new();
    private readonly int[] _byteIds = new int[256];

    /// <summary>Builds it from checked data.</summary>
    /// <exception cref="InputException">The pre-tokeniser is unknown, there are no merges, or ids and merges do not fit the vocabulary.</exception>
    public ByteLevelTokenizer(TokenizerData data)
    {
        _vocabulary = new Vocabulary(data);
        if (data.Merges.Count == 0)
        {
            throw new InputException(
                "The tokenizer is a byte-level BPE without merges; it needs its list of merges."
            );
        }

        _preTokenizer = PreTokenizer.ByName(data.PreTokenizer ?? "default");
        _merges = new MergeRanks(_vocabulary, data.Merges);
        _special = new SpecialTokens(
            _vocabulary,
            splitUserDefined: true,
            spelling => data.Nfc ? CanonicalComposition.Normalize(spelling) : spelling
        );
        Span<char> piece = stackalloc char[1];
        for (var value = 0; value < 256; value++)
        {
            piece[0] = ByteLevelAlphabet.Character((byte)value);
            _byteIds[value] = _vocabulary.TryId(piece, out var id) ? id : data.UnknownId ?? -1;
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
    public string Guard(string text, char guard) =>
        _special.Guard(Data.Nfc ? CanonicalComposition.Normalize(text) : text, guard);

    private List<int> Encode(string text, bool parseSpecial, char? guard)
    {
        var whole = WellFormedText.Of(text);
        var ids = new List<int>((whole.Length / 4) + 4);
        var work = new Work(ids);
        foreach (var segment in _special.Raw(parseSpecial).Split(whole, guard))
        {
            if (!segment.IsText)
            {
                ids.Add(segment.Id);
                continue;
            }

            var plain = whole.AsMemory(segment.Start, segment.Length);
            if (Data.Nfc)
            {
                plain = CanonicalComposition.Normalize(plain.ToString()).AsMemory();
            }

            foreach (var part in _special.Normalized(parseSpecial).Split(plain.Span, guard))
            {
                if (part.IsText)
                {
                    EncodeText(
                        SpecialTokens.Unguarded(plain.Span.Slice(part.Start, part.Length), guard),
                        work
                    );
                }
                else
                {
                    ids.Add(part.Id);
                }
            }
        }

        return ids;
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

    private void EncodeText(ReadOnlySpan<char> text, Work work)
    {
        _preTokenizer.Split(text, work.Ends);
        var start = 0;
        foreach (var end in CollectionsMarshal.AsSpan(work.Ends))
        {
            var word = text[start..end];
            start = end;
            if (_cache.TryAppend(word, work.Ids))
            {
                continue;
            }

            var from = work.Ids.Count;
            EncodeWord(word, work);
            _cache.Keep(word, work.Ids, from);
        }
    }

    private void EncodeWord(ReadOnlySpan<char> word, Work work)
    {
        var bytes = work.Bytes(Encoding.UTF8.GetByteCount(word));
        Encoding.UTF8.GetBytes(word, bytes);
        if (Data.IgnoreMerges && TryWhole(bytes, out var whole))
        {
            work.Ids.Add(whole);
            return;
        }

        var merged = new Word(bytes, _byteIds, work.Ids);
        work.Merger.Merge(ref merged, _merges);
    }

    private bool TryWhole(ReadOnlySpan<byte> bytes, out int id)
    {
        id = 0;
        if (bytes.Length > 256)
        {
            return false;
        }

        Span<char> piece = stackalloc char[bytes.Length];
        for (var i = 0; i < bytes.Length; i++)
        {
            piece[i] = ByteLevelAlphabet.Character(bytes[i]);
        }

        return _vocabulary.TryId(piece, out id);
    }

    /// <summary>What one call to encode needs for itself.</summary>
    private sealed class Work(List<int> ids)
    {
        private byte[] _bytes = new byte[256];

        public List<int> Ids { get; } = ids;

        public List<int> Ends { get; } = [];

        public BpeMerger Merger { get; } = new();

        public Span<byte> Bytes(int length)
        {
            if (_bytes.Length < length)
            {
                _bytes = new byte[length];
            }

            return _bytes.AsSpan(0, length);
        }
    }

    /// <summary>Bytes that become ids.</summary>
    private readonly ref struct Word(ReadOnlySpan<byte> bytes, int[] byteIds, List<int> ids)
        : IBpeWord
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private readonly int _from = ids.Count;

        public int Length => _bytes.Length;

        public ReadOnlySpan<char> Text => [];

        public bool Read(int at, out int length, out int id)
        {
            length = 1;
            id = byteIds[_bytes[at]];
            return id >= 0;
        }

        public bool IsSame(int first, int second, int length) =>
            _bytes.Slice(first, length).SequenceEqual(_bytes.Slice(second, length));

        public void Accept(BpeSymbol symbol) => ids.Add(symbol.Id);

        public void Restart() => CollectionsMarshal.SetCount(ids, _from);
    }
}

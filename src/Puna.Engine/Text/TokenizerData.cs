using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Text;

/// <summary>
/// A tokenizer as data, in one spelling whatever file it came from (tokenizer.json, SentencePiece's .model, GGUF
/// metadata, llama2.c's .bin). A tokenizer is built from it once.
/// </summary>
public sealed record TokenizerData
{
    /// <summary>The algorithm.</summary>
    public required TokenizerKind Kind { get; init; }

    /// <summary>
    /// Pieces by id, spelt as in the file: with the meta-space U+2581 in SentencePiece, in byte-level characters in
    /// BPE (special and added tokens in plain text). An empty piece marks an id that nothing stands for.
    /// </summary>
    public required IReadOnlyList<string> Pieces { get; init; }

    /// <summary>Scores by id (SentencePiece); empty otherwise.</summary>
    public IReadOnlyList<float> Scores { get; init; } = [];

    /// <summary>Types by id; empty means that all are normal.</summary>
    public IReadOnlyList<TokenType> Types { get; init; } = [];

    /// <summary>
    /// Flags of added tokens. A control, unknown or user-defined piece without an entry is recognised as it is
    /// written, before normalisation.
    /// </summary>
    internal IReadOnlyList<AddedToken> AddedTokens { get; init; } = [];

    /// <summary>
    /// Merges in order of rank, each "left right". Byte-level BPE needs them; SentencePiece pieces are merged by
    /// them when there are no scores (tokenizer.json, which may have none of either), else by score.
    /// </summary>
    public IReadOnlyList<string> Merges { get; init; } = [];

    /// <summary>Name of the pre-tokeniser as GGUF spells it (gpt-2, llama-bpe, qwen2, smollm, default); null for SentencePiece.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>SentencePiece: put a blank before the text, and before the text that follows a special token.</summary>
    public bool AddSpacePrefix { get; init; }

    /// <summary>With <see cref="AddSpacePrefix"/>: only before the very first character, not after special tokens.</summary>
    public bool SpacePrefixFirstOnly { get; init; }

    /// <summary>With <see cref="AddSpacePrefix"/>: not where the text begins with a blank already (tokenizer.json's Metaspace).</summary>
    public bool SpacePrefixUnlessBlank { get; init; }

    /// <summary>SentencePiece: cut blanks at both ends and make one of many between words.</summary>
    public bool RemoveExtraBlanks { get; init; }

    /// <summary>SentencePiece: no piece reaches over a blank, not even a run of blanks (a Metaspace that splits).</summary>
    public bool SplitAtBlanks { get; init; }

    /// <summary>SentencePiece: the compiled character map of the normaliser, empty for identity.</summary>
    public ReadOnlyMemory<byte> CharacterMap { get; init; }

    /// <summary>Apply Unicode NFC first.</summary>
    public bool Nfc { get; init; }

    /// <summary>A piece that is in the vocabulary as a whole is taken without merging (tokenizer.json's ignore_merges).</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Start every sequence with <see cref="BosId"/> unless told otherwise.</summary>
    public bool AddBos { get; init; }

    /// <summary>Beginning of a sequence.</summary>
    public int? BosId { get; init; }

    /// <summary>End of a sequence.</summary>
    public int? EosId { get; init; }

    /// <summary>A sequence was trained to end with <see cref="EosId"/>; nothing here adds it, but files say so.</summary>
    internal bool AddEos { get; init; }

    /// <summary>Fills rows of unequal length; nothing here needs it, but files say so.</summary>
    internal int? PadId { get; init; }

    /// <summary>Further ids that end a turn (eot, eom, generation_config's list).</summary>
    public IReadOnlyList<int> EndIds { get; init; } = [];

    /// <summary>Stands for what cannot be said.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Chat template (Jinja), when the file has one.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>How a special token is spelt, as chat templates want it; empty when there is none.</summary>
    public string Spelling(int? id) =>
        id is { } known && known >= 0 && known < Pieces.Count ? Pieces[known] : "";
}

namespace Puna.Engine.Text;

/// <summary>The algorithm of a tokenizer.</summary>
public enum TokenizerKind
{
    /// <summary>SentencePiece BPE: merges by score, a meta-space for blanks, bytes as a fall-back.</summary>
    SentencePieceBpe,

    /// <summary>Byte-level BPE: a pre-tokeniser, then merges by rank over bytes written as printable characters.</summary>
    ByteLevelBpe,
}

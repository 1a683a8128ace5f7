namespace Puna.Engine.Text;

/// <summary>What a vocabulary entry is. The numbers are those of SentencePiece and GGUF.</summary>
public enum TokenType
{
    /// <summary>Ordinary text.</summary>
    Normal = 1,

    /// <summary>Stands for what the vocabulary cannot say.</summary>
    Unknown = 2,

    /// <summary>A special token such as the beginning of a sequence: no text of its own.</summary>
    Control = 3,

    /// <summary>Added by the user: recognised whole, and shown as text.</summary>
    UserDefined = 4,

    /// <summary>Never used.</summary>
    Unused = 5,

    /// <summary>One byte.</summary>
    Byte = 6,
}

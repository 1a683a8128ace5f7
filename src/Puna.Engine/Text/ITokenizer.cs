namespace Puna.Engine.Text;

/// <summary>Text to ids and back. Immutable, safe to share between threads.</summary>
public interface ITokenizer
{
    /// <summary>Ids lie in [0, VocabularySize).</summary>
    int VocabularySize { get; }

    /// <summary>The data it was built from.</summary>
    TokenizerData Data { get; }

    /// <summary>
    /// Ids of a text. Special tokens written in the text are recognised when <paramref name="parseSpecial"/> is set;
    /// none is added: the caller puts BOS in front when it wants it.
    /// </summary>
    IReadOnlyList<int> Encode(string text, bool parseSpecial = true);

    /// <summary>The bytes that one id stands for inside a text (empty for control tokens).</summary>
    ReadOnlySpan<byte> Bytes(int id);

    /// <summary>Text of the ids; bytes that are no UTF-8 become U+FFFD, special tokens are left out unless asked for.</summary>
    string Decode(IReadOnlyList<int> ids, bool showSpecial = false);

    /// <summary>Id of a piece or special token spelt exactly so, or null.</summary>
    int? IdOf(string piece);

    /// <summary>True for ids after which generation stops.</summary>
    bool IsEnd(int id);
}

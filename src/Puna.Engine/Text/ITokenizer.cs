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

    /// <summary>
    /// Ids of a text whose special tokens are recognised, save those that a guard stands before; guards are no part of the
    /// text. So a prompt may have special tokens of its own around words of somebody who must not write any.
    /// </summary>
    /// <param name="text">The text, some parts of which went through <see cref="Guard"/>.</param>
    /// <param name="guard">A character that is in no part of the text itself.</param>
    IReadOnlyList<int> EncodeGuarded(string text, char guard);

    /// <summary>The text with a guard before every control token that it spells.</summary>
    string Guard(string text, char guard);

    /// <summary>The bytes that one id stands for inside a text (empty for control tokens).</summary>
    ReadOnlySpan<byte> Bytes(int id);

    /// <summary>Text of the ids; bytes that are no UTF-8 become U+FFFD, special tokens are left out unless asked for.</summary>
    string Decode(IReadOnlyList<int> ids, bool showSpecial = false);

    /// <summary>Id of a piece or special token spelt exactly so, or null.</summary>
    int? IdOf(string piece);

    /// <summary>True for ids after which generation stops.</summary>
    bool IsEnd(int id);
}

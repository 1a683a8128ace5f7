namespace Puna.Engine.Text;

/// <summary>Builds the tokenizer that a file describes.</summary>
public static class TokenizerFactory
{
    /// <summary>Builds a tokenizer.</summary>
    /// <exception cref="InputException">The data contradicts itself: the sentence says where.</exception>
    public static ITokenizer Create(TokenizerData data) =>
        data.Kind == TokenizerKind.SentencePieceBpe
            ? new SentencePieceTokenizer(data)
            : new ByteLevelTokenizer(data);
}

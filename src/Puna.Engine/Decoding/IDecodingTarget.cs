namespace Puna.Engine.Decoding;

/// <summary>One sequence of a model, as decoders see it: what is in its cache, and logits after further tokens.</summary>
public interface IDecodingTarget
{
    /// <summary>Logits in a row; ids lie in [0, VocabularySize).</summary>
    int VocabularySize { get; }

    /// <summary>Longest sequence, prompt and answer together.</summary>
    int ContextLength { get; }

    /// <summary>Most tokens of one <see cref="Forward"/>.</summary>
    int MaximumBatch { get; }

    /// <summary>Committed tokens in the cache.</summary>
    int Length { get; }

    /// <summary>
    /// Runs tokens behind the committed ones; their keys and values go to the tentative tail. Returns the logits after
    /// the last <paramref name="logitRows"/> of them, [logitRows, VocabularySize]; the caller may overwrite them, and they
    /// are good until the next call.
    /// </summary>
    Span<float> Forward(ReadOnlySpan<int> tokens, int logitRows);

    /// <summary>Makes the first <paramref name="tokens"/> tokens of the tail final and drops the rest of it.</summary>
    void Commit(int tokens);

    /// <summary>Drops the tail, and all committed tokens from position <paramref name="length"/> on.</summary>
    void Truncate(int length);
}

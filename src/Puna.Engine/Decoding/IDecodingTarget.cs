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
    /// <param name="tokens">Ids.</param>
    /// <param name="logitRows">Rows of logits that are needed.</param>
    /// <param name="endsPrompt">They are the last of a prompt.</param>
    Span<float> Forward(ReadOnlySpan<int> tokens, int logitRows, bool endsPrompt = false);

    /// <summary>Makes the first tokens of the tail final, one for each id, and drops the rest of it.</summary>
    /// <param name="tokens">Ids of the first tokens of the tail.</param>
    /// <param name="nll">-log p of each, in nats; may be empty when no KV policy asks for it.</param>
    void Commit(ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll = default);

    /// <summary>A round of decoding ended: what it chose is committed.</summary>
    void EndRound();

    /// <summary>
    /// Drops the tail, and all committed tokens from position <paramref name="length"/> on. Returns the length it now has:
    /// less when the target can go back no shorter way, and the tokens from there on must be run again.
    /// </summary>
    int Truncate(int length);
}

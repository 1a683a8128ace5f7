namespace Puna.Engine.Decoding;

/// <summary>A target that can also run a tree: each node sees the committed tokens and its own ancestors.</summary>
public interface ITreeDecodingTarget : IDecodingTarget
{
    /// <summary>
    /// Runs all nodes at position <see cref="IDecodingTarget.Length"/> + depth; they go to the tentative tail in the order
    /// of the tree. Returns the logits after each, [tree.Count, VocabularySize], to the rules of
    /// <see cref="IDecodingTarget.Forward"/>.
    /// </summary>
    Span<float> Forward(DraftTree tree);

    /// <summary>Keeps only the listed tail tokens, in ascending order, moved together.</summary>
    void Compact(ReadOnlySpan<int> kept);
}

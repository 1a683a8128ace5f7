namespace Puna.Engine.Decoding;

/// <summary>
/// How the next tokens are found. A step is Draft, Verify, Accept, Commit: the decoder guesses a tree, the
/// <see cref="DecodingSession"/> runs it through the target, the decoder says which path is accepted, and the session
/// commits that.
/// </summary>
public interface IDecoder
{
    /// <summary>Most nodes of a draft, at least 1.</summary>
    int MaximumNodes { get; }

    /// <summary>Writes the draft into an empty tree, of at most its <see cref="DraftTree.Capacity"/>. Its root is <see cref="DecodingState.Next"/>.</summary>
    void Draft(DecodingState state, DraftTree tree);

    /// <summary>
    /// Accepts a path that begins at the root, with the token chosen after each of its nodes by
    /// <see cref="DecodingState.Choose"/>; it has at least the root.
    /// </summary>
    /// <param name="state">The sequence.</param>
    /// <param name="tree">The draft.</param>
    /// <param name="logits">Logits after each node, [tree.Count, V]; may be overwritten.</param>
    /// <param name="acceptance">Takes the path; empty.</param>
    void Accept(DecodingState state, DraftTree tree, Span<float> logits, Acceptance acceptance);
}

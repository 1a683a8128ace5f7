namespace Puna.Engine.Decoding;

/// <summary>One token at a time: the draft is the token that was chosen last, and nothing is guessed.</summary>
public sealed class PlainDecoder : IDecoder
{
    /// <inheritdoc/>
    public int MaximumNodes => 1;

    /// <inheritdoc/>
    public void Draft(DecodingState state, DraftTree tree) => tree.Add(state.Next, -1);

    /// <inheritdoc/>
    public void Accept(
        DecodingState state,
        DraftTree tree,
        Span<float> logits,
        Acceptance acceptance
    ) => SampledAcceptance.Walk(state, tree, logits, acceptance);
}

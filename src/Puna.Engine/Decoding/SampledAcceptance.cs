namespace Puna.Engine.Decoding;

/// <summary>
/// The rule of acceptance for guesses without probabilities: draw from the target's own distribution, and go on while
/// a child of the node has the token drawn. The tokens are those that plain decoding with the same sampler draws.
/// </summary>
public static class SampledAcceptance
{
    /// <summary>Walks from the root; see <see cref="IDecoder.Accept"/>.</summary>
    public static void Walk(
        DecodingState state,
        DraftTree tree,
        Span<float> logits,
        Acceptance acceptance
    )
    {
        var width = logits.Length / tree.Count;
        for (var node = 0; node >= 0; )
        {
            var choice = state.Choose(logits.Slice(node * width, width));
            acceptance.Add(node, choice);
            node = tree.FindChild(node, choice);
        }
    }
}

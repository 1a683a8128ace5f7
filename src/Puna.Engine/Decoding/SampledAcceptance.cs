using Puna.Engine.Runtime;

namespace Puna.Engine.Decoding;

/// <summary>
/// The rule of acceptance for guesses without probabilities: draw from the target's own distribution, and go on while
/// a child of the row has the token drawn. The tokens are those that plain decoding with the same sampler draws.
/// </summary>
internal static class SampledAcceptance
{
    /// <summary>Walks from the root; see <see cref="IDecoder.Judge"/>. The logits of the root and of all rows behind it must have been asked for.</summary>
    public static Verdict Walk(DecodingState state, Proposal proposal, in Outputs outputs)
    {
        proposal.BeginPath();
        for (var row = proposal.Root; ; )
        {
            var choice = state.Choose(outputs.Logits(row - proposal.Root));
            row = proposal.FindChild(row, choice);
            if (row < 0)
            {
                return Verdict.Keep(proposal.Path);
            }

            proposal.Keep(row);
        }
    }
}

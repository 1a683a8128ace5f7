using Puna.Engine.Runtime;

namespace Puna.Engine.Decoding;

/// <summary>One token at a time: nothing is guessed.</summary>
internal sealed class PlainDecoder : IDecoder
{
    /// <inheritdoc/>
    public int MaximumRows => 0;

    /// <inheritdoc/>
    public void Propose(DecodingState state, Proposal proposal) { }

    /// <inheritdoc/>
    public Verdict Judge(DecodingState state, Proposal proposal, in Outputs outputs) =>
        SampledAcceptance.Walk(state, proposal, outputs);

    /// <inheritdoc/>
    public void Dispose() { }
}

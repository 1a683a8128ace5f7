using Puna.Engine.Runtime;

namespace Puna.Engine.Decoding;

/// <summary>
/// How the next tokens are found. A step is propose, run, judge, cut, commit: the decoder names rows, they are computed (in a
/// pass of their own or together with those of other sequences), the decoder chooses tokens and says which rows are
/// kept; what lies behind a stop is cut away, and only then are the kept rows committed.
/// </summary>
public interface IDecoder : IDisposable
{
    /// <summary>Most rows that it adds to the given ones; 0 when it only chooses.</summary>
    int MaximumRows { get; }

    /// <summary>Adds rows to a proposal that holds the given ones, of at most its <see cref="Proposal.Capacity"/>.</summary>
    void Propose(DecodingState state, Proposal proposal);

    /// <summary>
    /// Chooses the tokens that follow, in their order, by <see cref="DecodingState.Choose"/> or
    /// <see cref="DecodingState.Take"/>, and says which rows ran ids that hold.
    /// </summary>
    /// <param name="state">The sequence.</param>
    /// <param name="proposal">What was run.</param>
    /// <param name="outputs">Results of its <see cref="Proposal.LogitRows"/>, in their order.</param>
    Verdict Judge(DecodingState state, Proposal proposal, in Outputs outputs);
}

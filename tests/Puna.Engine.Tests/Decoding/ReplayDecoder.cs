using Puna.Engine.Decoding;
using Puna.Engine.Runtime;

namespace Puna.Engine.Tests.Decoding;

/// <summary>Knows the whole answer and proposes its next tokens as a chain, or beside a wrong one each.</summary>
internal sealed class ReplayDecoder(int[] answer, int rows, bool branches = false) : IDecoder
{
    public int MaximumRows => branches ? 2 * rows : rows;

    /// <summary>Steps that chose more than one token.</summary>
    public int LongSteps { get; private set; }

    public void Propose(DecodingState state, Proposal proposal)
    {
        var row = proposal.Root;
        for (var next = state.Chosen.Length; next < answer.Length; next++)
        {
            if (proposal.Capacity - proposal.Count < (branches ? 2 : 1))
            {
                return;
            }

            if (branches)
            {
                proposal.Add((answer[next] + 1) % state.Sequence.VocabularySize, row);
            }

            row = proposal.Add(answer[next], row);
        }
    }

    public Verdict Judge(DecodingState state, Proposal proposal, in Outputs outputs)
    {
        var before = state.Chosen.Length;
        var verdict = SampledAcceptance.Walk(state, proposal, outputs);
        LongSteps += state.Chosen.Length > before + 1 ? 1 : 0;
        return verdict;
    }

    public void Dispose() { }
}

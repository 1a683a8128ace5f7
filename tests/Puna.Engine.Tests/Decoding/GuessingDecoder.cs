using Puna.Engine.Decoding;
using Puna.Engine.Runtime;
using Puna.Kernels.Randomness;

namespace Puna.Engine.Tests.Decoding;

/// <summary>Guesses what the greedy choice of a rule would be, sometimes wrongly, as a chain or with branches.</summary>
internal sealed class GuessingDecoder(FakeSequence.Rule rule, int vocabularySize, bool branches)
    : IDecoder
{
    private PhiloxRandom _random = new(5);

    public int MaximumRows => 5;

    public int LongestPath { get; private set; }

    public void Propose(DecodingState state, Proposal proposal)
    {
        List<int> context = [.. state.Ids];
        var row = proposal.Root;
        var logits = new float[vocabularySize];
        while (proposal.Count < proposal.Capacity)
        {
            rule([.. context], logits);
            var guess = Array.IndexOf(logits, logits.Max());
            var wrong = (guess + 1) % vocabularySize;
            if (branches && proposal.Count + 1 < proposal.Capacity)
            {
                proposal.Add(wrong, row);
            }
            else if (_random.NextUInt64() % 4 == 0)
            {
                guess = wrong;
            }

            row = proposal.Add(guess, row);
            context.Add(guess);
        }
    }

    public Verdict Judge(DecodingState state, Proposal proposal, in Outputs outputs)
    {
        var verdict = SampledAcceptance.Walk(state, proposal, outputs);
        LongestPath = Math.Max(LongestPath, verdict.Path.Length - proposal.Root);
        return verdict;
    }

    public void Dispose() { }
}

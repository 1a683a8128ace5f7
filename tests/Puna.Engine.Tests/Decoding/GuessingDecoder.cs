using Puna.Engine.Decoding;
using Puna.Kernels.Randomness;

namespace Puna.Engine.Tests.Decoding;

/// <summary>Guesses what the greedy choice of a rule would be, sometimes wrongly, as a chain or with branches.</summary>
internal sealed class GuessingDecoder(FakeTarget.Rule rule, int vocabularySize, bool branches)
    : IDecoder
{
    private PhiloxRandom _random = new(3);

    public int MaximumNodes => 6;

    public int LongestPath { get; private set; }

    public void Draft(DecodingState state, DraftTree tree)
    {
        List<int> context = [.. state.Ids];
        var node = tree.Add(state.Next, -1);
        var logits = new float[vocabularySize];
        while (tree.Count < tree.Capacity)
        {
            rule([.. context], logits);
            var guess = Array.IndexOf(logits, logits.Max());
            var wrong = (guess + 1) % vocabularySize;
            if (branches && tree.Count + 1 < tree.Capacity)
            {
                tree.Add(wrong, node);
            }
            else if (_random.NextUInt64() % 4 == 0)
            {
                guess = wrong;
            }

            node = tree.Add(guess, node);
            context.Add(guess);
        }
    }

    public void Accept(
        DecodingState state,
        DraftTree tree,
        Span<float> logits,
        Acceptance acceptance
    )
    {
        SampledAcceptance.Walk(state, tree, logits, acceptance);
        LongestPath = Math.Max(LongestPath, acceptance.Count);
    }
}

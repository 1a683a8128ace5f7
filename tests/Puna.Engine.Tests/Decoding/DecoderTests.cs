using Puna.Engine.Decoding;
using Puna.Engine.Text;

namespace Puna.Engine.Tests.Decoding;

public sealed class DecoderTests
{
    private const int Vocabulary = 23;

    private static readonly SamplingOptions Sampled = new()
    {
        Temperature = 1,
        Seed = 5,
        PresencePenalty = 0.3f,
        RepetitionPenalty = 1.2f,
    };

    [Fact]
    public void Plain_greedy_decoding_follows_the_largest_logits()
    {
        List<int> expected = [3, 1, 4];
        var logits = new float[Vocabulary];
        for (var i = 0; i < 40; i++)
        {
            FakeTarget.Hash([.. expected], logits);
            expected.Add(Array.IndexOf(logits, logits.Max()));
        }

        var target = new FakeTarget(Vocabulary, FakeTarget.Hash);
        var result = new Generator(target, null).Run(
            [3, 1, 4],
            new() { MaximumTokens = 40, Sampling = SamplingOptions.Greedy }
        );
        Assert.Equal(expected[3..], result.Ids);
        Assert.Equal(expected[..^1], target.Committed.ToArray());
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Guesses_change_the_steps_but_not_the_tokens(bool branches, bool greedy)
    {
        foreach (var context in new[] { 1000, 61 })
        {
            var options = new GenerationOptions
            {
                MaximumTokens = 80,
                Sampling = greedy ? SamplingOptions.Greedy : Sampled,
                TopLogprobs = 1,
            };
            var (plain, plainRecords, plainCache) = Run(new PlainDecoder(), options, context);
            var guesses = new GuessingDecoder(FakeTarget.Hash, Vocabulary, branches);
            var (guessed, records, cache) = Run(guesses, options, context);
            Assert.Equal(plain.Ids, guessed.Ids);
            Assert.Equal(plain.StopReason, guessed.StopReason);
            Assert.Equal(plainRecords, records);
            Assert.Equal(plainCache, cache);
            Assert.True(guesses.LongestPath > 2);
        }
    }

    [Fact]
    public void A_branching_draft_needs_a_target_that_runs_trees()
    {
        var target = new ChainTarget(new FakeTarget(Vocabulary, FakeTarget.Hash));
        var decoder = new GuessingDecoder(FakeTarget.Hash, Vocabulary, true);
        var error = Assert.Throws<NotSupportedException>(() =>
            new Generator(target, null, decoder).Run([1], new() { MaximumTokens = 5 })
        );
        Assert.Contains("GuessingDecoder", error.Message);
    }

    [Fact]
    public void Trees_keep_their_shape_and_refuse_what_is_none()
    {
        var tree = new DraftTree(4);
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(1, 0));
        Assert.Equal(0, tree.Add(7, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(1, -1));
        Assert.Equal(1, tree.Add(8, 0));
        Assert.True(tree.IsChain);
        Assert.Equal(2, tree.Add(9, 0));
        Assert.False(tree.IsChain);
        tree.Add(5, 2);
        Assert.Equal([0, 1, 1, 2], tree.Depths.ToArray());
        Assert.Equal([-1, 0, 0, 2], tree.Parents.ToArray());
        Assert.Equal(2, tree.FindChild(0, 9));
        Assert.Equal(-1, tree.FindChild(1, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(1, 0));
        tree.Clear(1);
        Assert.True(tree.IsChain);
        tree.Add(1, -1);
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(1, 0));
    }

    [Fact]
    public void Retracted_choices_leave_state_and_sampler_as_they_were()
    {
        var sampler = new Sampler(Sampled, Vocabulary);
        var state = new DecodingState([1, 2], sampler, 2, new LogprobReader(Vocabulary, 0));
        var logits = new float[Vocabulary];
        for (var i = 0; i < 5; i++)
        {
            FakeTarget.Hash(state.Ids, logits);
            Assert.Equal(state.Choose(logits), state.Next);
        }

        var kept = state.Chosen[..2].ToArray();
        state.Retract(2);
        Assert.Equal(kept, state.Chosen.ToArray());
        Assert.Equal(kept[1], state.Logprobs(1)!.Id);

        var fresh = new Sampler(Sampled, Vocabulary);
        fresh.Begin([1, 2]);
        fresh.Accept(kept[0]);
        fresh.Accept(kept[1]);
        var other = new float[Vocabulary];
        FakeTarget.Hash(state.Ids, logits);
        FakeTarget.Hash(state.Ids, other);
        sampler.Distribution(logits);
        fresh.Distribution(other);
        Assert.Equal(other, logits);
    }

    private static (GenerationResult Result, List<float> Records, int[] Cache) Run(
        IDecoder decoder,
        GenerationOptions options,
        int context
    )
    {
        var target = new FakeTarget(Vocabulary, FakeTarget.Hash, context);
        var records = new List<float>();
        var result = new Generator(target, null, decoder).Run(
            [3, 1, 4],
            options,
            (in step) => records.Add(step.Logprobs!.Logprob)
        );
        Assert.Equal(0, target.Tail);
        return (result, records, target.Committed.ToArray());
    }

    private sealed class ChainTarget(FakeTarget inner) : IDecodingTarget
    {
        public int VocabularySize => inner.VocabularySize;

        public int ContextLength => inner.ContextLength;

        public int MaximumBatch => inner.MaximumBatch;

        public int Length => inner.Length;

        public Span<float> Forward(
            ReadOnlySpan<int> tokens,
            int logitRows,
            bool endsPrompt = false
        ) => inner.Forward(tokens, logitRows, endsPrompt);

        public void Commit(ReadOnlySpan<int> tokens, ReadOnlySpan<float> nll = default) =>
            inner.Commit(tokens, nll);

        public void EndRound() => inner.EndRound();

        public int Truncate(int length) => inner.Truncate(length);
    }
}

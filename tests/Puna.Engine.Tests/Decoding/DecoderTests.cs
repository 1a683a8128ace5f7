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
            FakeSequence.Hash([.. expected], logits);
            expected.Add(Array.IndexOf(logits, logits.Max()));
        }

        var target = new FakeSequence(Vocabulary, FakeSequence.Hash);
        var result = new Generator(target, null).Run(
            [3, 1, 4],
            new() { MaximumTokens = 40, Sampling = SamplingOptions.Greedy }
        );
        Assert.Equal(expected[3..], result.Ids);
        Assert.Equal(expected[..^1], target.Ids[..target.Committed].ToArray());
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
            var guesses = new GuessingDecoder(FakeSequence.Hash, Vocabulary, branches);
            var (guessed, records, cache) = Run(guesses, options, context);
            Assert.Equal(plain.Ids, guessed.Ids);
            Assert.Equal(plain.StopReason, guessed.StopReason);
            Assert.Equal(plainRecords, records);
            Assert.Equal(plainCache, cache);
            Assert.True(guesses.LongestPath > 2);
        }
    }

    [Fact]
    public void Trees_keep_their_shape_and_refuse_what_is_none()
    {
        var tree = new Proposal(6);
        tree.Begin([4, 7], 3);
        Assert.Equal((2, 1, 5), (tree.Count, tree.Root, tree.Capacity));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(1, 0));
        Assert.Equal(2, tree.Add(8, 1));
        Assert.True(tree.IsChain);
        Assert.Equal(3, tree.Add(9, 1));
        Assert.False(tree.IsChain);
        tree.Add(5, 3);
        Assert.Equal([-1, 0, 1, 1, 3], tree.Parents.ToArray());
        Assert.Equal([1, 2, 3, 4], tree.LogitRows.ToArray());
        Assert.Equal(3, tree.FindChild(1, 9));
        Assert.Equal(-1, tree.FindChild(2, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(1, 1));
        tree.BeginPath();
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Keep(4));
        tree.Keep(3);
        tree.Keep(4);
        Assert.Equal([0, 1, 3, 4], tree.Path.ToArray());
        tree.Begin([1], 0);
        Assert.True(tree.IsChain);
        Assert.Empty(tree.Path.ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => tree.Add(1, 0));
    }

    [Fact]
    public void Retracted_choices_leave_state_and_sampler_as_they_were()
    {
        var sampler = new Sampler(Sampled, Vocabulary);
        var sequence = new FakeSequence(Vocabulary, FakeSequence.Hash);
        sequence.Append(1, 2);
        var state = new DecodingState(sequence, sampler, new LogprobReader(Vocabulary, 0));
        var logits = new float[Vocabulary];
        for (var i = 0; i < 5; i++)
        {
            FakeSequence.Hash(state.Ids, logits);
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
        FakeSequence.Hash(state.Ids, logits);
        FakeSequence.Hash(state.Ids, other);
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
        var target = new FakeSequence(Vocabulary, FakeSequence.Hash, context);
        var records = new List<float>();
        var result = new Generator(target, null, decoder).Run(
            [3, 1, 4],
            options,
            (in step) => records.Add(step.Logprobs!.Logprob)
        );
        Assert.Equal(0, target.Tail);
        return (result, records, target.Ids[..target.Committed].ToArray());
    }
}

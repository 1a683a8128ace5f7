using Puna.Engine.Decoding;
using Puna.Engine.Runtime;
using Puna.Testing;

namespace Puna.Engine.Tests.Decoding;

/// <summary>What decoders can do with proposals, verdicts and processors.</summary>
public sealed class ProposalTests
{
    private const int Vocabulary = 5;

    [Fact]
    public void Exact_rejection_gives_the_distribution_of_the_target()
    {
        // Two tokens that depend on each other; all 25 pairs are counted.
        var sampling = new SamplingOptions
        {
            Temperature = 1.3f,
            TopK = 0,
            TopP = 1,
            MinP = 0,
            RepetitionPenalty = 1.5f,
        };
        using var decoder = new ExactRejectionDecoder([0.5, 0.1, 0.05, 0.3, 0.05], 2);
        var counts = new int[Vocabulary * Vocabulary];
        const int rounds = 20_000;
        for (var round = 0; round < rounds; round++)
        {
            var sequence = new FakeSequence(Vocabulary, Soft, contextLength: 8);
            var ids = new Generator(sequence, null, decoder)
                .Run(
                    [1, 2],
                    new() { MaximumTokens = 2, Sampling = sampling with { Seed = (ulong)round } }
                )
                .Ids;
            counts[(ids[0] * Vocabulary) + ids[1]]++;
        }

        var statistic = 0.0;
        var first = Target(sampling, []);
        for (var a = 0; a < Vocabulary; a++)
        {
            var second = Target(sampling, [a]);
            for (var b = 0; b < Vocabulary; b++)
            {
                var expected = rounds * first[a] * second[b];
                var distance = counts[(a * Vocabulary) + b] - expected;
                statistic += distance * distance / expected;
            }
        }

        Assert.True(decoder.Accepted > rounds / 4 && decoder.Rejected > rounds / 4);
        Assert.InRange(statistic, 0, Tolerance.ChiSquare((Vocabulary * Vocabulary) - 1));
    }

    [Fact]
    public void Exact_rejection_at_temperature_0_is_plain_decoding()
    {
        var options = new GenerationOptions
        {
            MaximumTokens = 60,
            Sampling = SamplingOptions.Greedy with { PresencePenalty = 0.4f },
            TopLogprobs = 1,
        };
        using var decoder = new ExactRejectionDecoder([0.5, 0.1, 0.05, 0.3, 0.05], 3);
        var (plain, plainRecords) = Run(null, options);
        var (exact, records) = Run(decoder, options);
        Assert.Equal(plain, exact);
        Assert.Equal(plainRecords, records);
        Assert.True(decoder.Accepted > 0 && decoder.Rejected > 0);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_grammar_follows_a_draft_forth_and_back(bool branches, bool greedy)
    {
        var sampling = greedy ? SamplingOptions.Greedy : new SamplingOptions { Seed = 7 };
        var options = new GenerationOptions
        {
            MaximumTokens = 50,
            Sampling = sampling with { FrequencyPenalty = 0.1f },
            LogitProcessors = [new EvenIds()],
            StopIds = [2],
        };
        foreach (var stop in new[] { 2, 10, 20 })
        {
            options = options with { StopIds = [stop] };
            var plain = new FakeSequence(23, FakeSequence.Hash);
            var guessed = new FakeSequence(23, FakeSequence.Hash);
            using var decoder = new GuessingDecoder(FakeSequence.Hash, 23, branches);
            var expected = new Generator(plain, null).Run([1], options).Ids;
            var actual = new Generator(guessed, null, decoder).Run([1], options).Ids;
            Assert.Equal(expected, actual);
            Assert.Equal(plain.Log, guessed.Log);
            Assert.All(actual, id => Assert.Equal(0, id % 2));
        }
    }

    [Fact]
    public void Processors_act_behind_bias_and_penalties_in_their_order()
    {
        var seen = new List<float[]>();
        var sampler = new Sampler(
            SamplingOptions.Greedy with
            {
                PresencePenalty = 1,
                LogitBias = new Dictionary<int, float> { [1] = 5 },
            },
            3,
            [new Spy(seen), new EvenIds(), new Spy(seen)]
        );
        sampler.Begin([0]);
        sampler.Accept(2);
        Assert.Equal(0, sampler.Sample([0, 0, 0.5f]));
        Assert.Equal([0, 5, -0.5f], seen[0]);
        Assert.Equal([0, float.NegativeInfinity, -0.5f], seen[1]);
    }

    [Fact]
    public void Hidden_rows_come_with_the_logits_when_they_are_wanted()
    {
        var sequence = new FakeSequence(Vocabulary, FakeSequence.Hash);
        using var decoder = new HiddenDecoder();
        new Generator(sequence, null, decoder).Run([1, 2, 3], new() { MaximumTokens = 4 });
        Assert.Equal([3, 4, 5, 6], decoder.Seen);
    }

    [Fact]
    public void A_step_that_keeps_must_choose_and_one_that_runs_again_must_not()
    {
        foreach (var chooses in new[] { false, true })
        {
            var sequence = new FakeSequence(Vocabulary, FakeSequence.Hash);
            using var decoder = new WrongDecoder(chooses);
            var error = Assert.Throws<InvalidOperationException>(() =>
                new Generator(sequence, null, decoder).Run([1, 2], new() { MaximumTokens = 4 })
            );
            Assert.StartsWith("WrongDecoder must choose a token", error.Message);
            Assert.Equal((0, 0), (sequence.Committed, sequence.Tail));
        }
    }

    [Fact]
    public void A_decoder_that_adds_more_rows_than_a_pass_has_is_refused()
    {
        var sequence = new FakeSequence(Vocabulary, FakeSequence.Hash, maximumRows: 3);
        using var decoder = new ReplayDecoder([1, 2, 3], 3);
        var error = Assert.Throws<InputException>(() =>
            new Generator(sequence, null, decoder).Run([1], new())
        );
        Assert.Contains("adds up to 3 rows to a step, but a pass has 3", error.Message);
    }

    /// <summary>A rule whose every id is likely.</summary>
    private static void Soft(ReadOnlySpan<int> context, Span<float> logits)
    {
        FakeSequence.Hash(context, logits);
        foreach (ref var logit in logits)
        {
            logit = (logit / 3) + 0.1f;
        }
    }

    private static double[] Target(SamplingOptions sampling, int[] chosen)
    {
        var logits = new float[Vocabulary];
        Soft([1, 2, .. chosen], logits);
        var seen = new HashSet<int>([1, 2, .. chosen]);
        var weights = logits.Select(
            (logit, id) =>
                Math.Exp((seen.Contains(id) ? logit / 1.5 : logit) / sampling.Temperature)
        );
        return [.. weights.Select(weight => weight / weights.Sum())];
    }

    private static (IReadOnlyList<int> Ids, List<float> Records) Run(
        IDecoder? decoder,
        GenerationOptions options
    )
    {
        var records = new List<float>();
        var result = new Generator(
            new FakeSequence(Vocabulary, FakeSequence.Hash),
            null,
            decoder
        ).Run([1, 2], options, (in step) => records.Add(step.Logprobs!.Logprob));
        return (result.Ids, records);
    }

    private sealed class Spy(List<float[]> seen) : ILogitProcessor
    {
        public void Apply(Span<float> logits) => seen.Add(logits.ToArray());
    }

    private sealed class HiddenDecoder : IDecoder
    {
        public int MaximumRows => 0;

        public List<float> Seen { get; } = [];

        public void Propose(DecodingState state, Proposal proposal) => proposal.WantsHidden = true;

        public Verdict Judge(DecodingState state, Proposal proposal, in Outputs outputs)
        {
            Seen.Add(outputs.Hidden(0)[0]);
            return SampledAcceptance.Walk(state, proposal, outputs);
        }

        public void Dispose() { }
    }

    private sealed class WrongDecoder(bool chooses) : IDecoder
    {
        public int MaximumRows => 0;

        public void Propose(DecodingState state, Proposal proposal) { }

        public Verdict Judge(DecodingState state, Proposal proposal, in Outputs outputs)
        {
            if (!chooses)
            {
                return Verdict.Keep([0]);
            }

            state.Choose(outputs.Logits(0));
            return Verdict.Rerun;
        }

        public void Dispose() { }
    }
}

using Puna.Engine.Decoding;
using Puna.Engine.Runtime;
using Puna.Engine.Tests.Decoding;
using Puna.Engine.Tests.Model;
using Puna.Testing;

namespace Puna.Engine.Tests.Runtime;

/// <summary>What a cache and its policies are told: every id that stays, once, and nothing behind a stop.</summary>
public sealed class CommitTests
{
    private static readonly int[] s_prompt = [3, 1, 4, 1, 5, 9, 2, 6];

    private static readonly GenerationOptions s_options = new()
    {
        MaximumTokens = 30,
        IgnoreEnd = true,
        Sampling = new SamplingOptions { Seed = 3, PresencePenalty = 0.5f },
    };

    [Theory]
    [InlineData(false, 7)]
    [InlineData(true, 7)]
    [InlineData(false, 8)]
    [InlineData(true, 9)]
    public void Nothing_behind_a_stop_is_committed(bool branches, int length)
    {
        using var engine = TinyEngine.Load();
        var answer = Answer(engine, s_options);
        var stop = answer[length - 1];
        var kept = Array.IndexOf(answer, stop) + 1;
        foreach (
            var options in (GenerationOptions[])
                [s_options with { StopIds = [stop] }, s_options with { MaximumTokens = kept }]
        )
        {
            var policy = new RecordingPolicy(losses: false);
            using var cache = policy.Cache(engine.Cache.Shape);
            using var sequence = new Sequence(engine, cache.CreateSequence(), []);
            using var decoder = new ReplayDecoder(answer, 5, branches);

            var result = new Generator(sequence, null, decoder).Run(s_prompt, options);

            Assert.Equal(answer[..kept], result.Ids);
            int[] all = [.. s_prompt, .. result.Ids];
            Assert.Equal(all[..^1], policy.Ids);
            Assert.Equal(all, sequence.Ids.ToArray());
            Assert.Equal(all.Length - 1, sequence.Committed);
            Assert.Equal((all.Length - 1, 0), (sequence.Kv.LogicalLength, sequence.Kv.TailLength));
            Assert.True(decoder.LongSteps > 0);

            // What is committed is right: going on gives the rest of the answer.
            using var plain = new Sequence(engine);
            var rest = new Generator(sequence, null).Run(all, Greedy(5)).Ids;
            Assert.Equal(new Generator(plain, null).Run(all, Greedy(5)).Ids, rest);
        }
    }

    [Fact]
    public void A_stop_string_in_the_middle_of_a_draft_cuts_there()
    {
        var letters = FakeTokenizer.Of("", "a", "b", "E", "N", "D", " ", "END");
        int[] answer = [1, 2, 3, 4, 5, 1, 2];
        var sequence = new FakeSequence(8, FakeSequence.Script(1, answer));
        using var decoder = new ReplayDecoder(answer, 6);
        var processor = new Counter();
        var result = new Generator(sequence, letters, decoder).Run(
            [6],
            new GenerationOptions
            {
                Sampling = SamplingOptions.Greedy,
                StopStrings = ["END"],
                LogitProcessors = [processor],
                TopLogprobs = 0,
            }
        );
        Assert.Equal([1, 2, 3, 4, 5], result.Ids);
        Assert.Equal([6, 1, 2, 3, 4], sequence.Log.Select(entry => entry.Id));
        Assert.Equal([1, 2, 3, 4, 5], processor.Ids);
    }

    [Theory]
    [InlineData(512, false)]
    [InlineData(3, false)]
    [InlineData(512, true)]
    public void A_policy_that_needs_losses_is_given_that_of_each_id(int rows, bool drafts)
    {
        using var engine = TinyEngine.Load(rows: rows);
        var answer = Answer(engine, s_options);
        var policy = new RecordingPolicy(losses: true);
        using var cache = policy.Cache(engine.Cache.Shape);
        using var sequence = new Sequence(engine, cache.CreateSequence(), []);
        using var replay = new ReplayDecoder(answer, 5);

        new Generator(sequence, null, drafts ? replay : null).Run(s_prompt, s_options);

        int[] all = [.. s_prompt, .. answer];
        var logits = TinyEngine.Logits(engine, all);
        Assert.Equal(all[..^1], policy.Ids);
        Assert.Equal(0, policy.Losses[0]);
        for (var index = 1; index < policy.Losses.Count; index++)
        {
            var expected = ModelHarness.Nll(logits[index - 1], all[index]);
            Assert.Equal(expected, policy.Losses[index], expected * Tolerance.Chunking);
        }
    }

    [Fact]
    public void A_row_that_ran_another_token_cannot_be_committed()
    {
        using var engine = TinyEngine.Load();
        using var sequence = new Sequence(engine);
        sequence.Append(1, 2);
        sequence.Run(new NewRows([1, 3]));
        var error = Assert.Throws<InvalidOperationException>(() => sequence.Commit(2));
        Assert.Contains("Row 1 of the tail ran token 3", error.Message);
        sequence.Commit(1);
        Assert.Equal(1, sequence.Committed);
    }

    private static GenerationOptions Greedy(int tokens) =>
        s_options with
        {
            MaximumTokens = tokens,
            Sampling = SamplingOptions.Greedy,
        };

    private static int[] Answer(InferenceEngine engine, GenerationOptions options)
    {
        using var sequence = new Sequence(engine);
        return [.. new Generator(sequence, null).Run(s_prompt, options).Ids];
    }

    private sealed class Counter : ILogitProcessor
    {
        public List<int> Ids { get; } = [];

        public void Apply(Span<float> logits) { }

        public void Accept(int id) => Ids.Add(id);

        public void Retract(int id)
        {
            Assert.Equal(Ids[^1], id);
            Ids.RemoveAt(Ids.Count - 1);
        }
    }
}

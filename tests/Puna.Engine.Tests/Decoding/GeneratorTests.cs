using System.Text;
using Puna.Engine.Cache;
using Puna.Engine.Decoding;

namespace Puna.Engine.Tests.Decoding;

public sealed class GeneratorTests
{
    private static readonly FakeTokenizer Letters = FakeTokenizer.Of(
        "",
        "a",
        "b",
        "E",
        "N",
        "D",
        " ",
        "END"
    );

    private static readonly GenerationOptions Greedy = new()
    {
        Sampling = SamplingOptions.Greedy,
        MaximumTokens = 20,
    };

    [Fact]
    public void A_token_that_ends_a_turn_stops_and_is_counted()
    {
        var (result, text, _) = Run(Greedy, 1, 2, 0, 1);
        Assert.Equal(StopReason.StopId, result.StopReason);
        Assert.Equal([1, 2, 0], result.Ids);
        Assert.Equal("ab", text);
    }

    [Fact]
    public void Named_stop_ids_stop_without_showing_their_text()
    {
        var (result, text, _) = Run(Greedy with { StopIds = [2] }, 1, 1, 2, 1);
        Assert.Equal(StopReason.StopId, result.StopReason);
        Assert.Equal([1, 1, 2], result.Ids);
        Assert.Equal("aa", text);
    }

    [Fact]
    public void End_tokens_can_be_ignored()
    {
        var (result, text, _) = Run(Greedy with { IgnoreEnd = true, MaximumTokens = 4 }, 1, 0, 2);
        Assert.Equal(StopReason.Length, result.StopReason);
        Assert.Equal([1, 0, 2, 2], result.Ids);
        Assert.Equal("abb", text);
    }

    [Fact]
    public void A_stop_string_over_three_tokens_cuts_the_text()
    {
        var options = Greedy with { StopStrings = ["END", "zzz"] };
        var (result, text, pieces) = Run(options, 1, 3, 4, 1, 3, 4, 5, 1);
        Assert.Equal(StopReason.StopText, result.StopReason);
        Assert.Equal("END", result.StopString);
        Assert.Equal("aENa", text);
        Assert.Equal(["a", "", "", "ENa", "", "", ""], pieces);
        Assert.Equal([1, 3, 4, 1, 3, 4, 5], result.Ids);
    }

    [Fact]
    public void Text_held_back_comes_with_the_last_token()
    {
        var options = Greedy with { StopStrings = ["END"], MaximumTokens = 3 };
        var (result, text, pieces) = Run(options, 1, 3, 4, 1);
        Assert.Equal(StopReason.Length, result.StopReason);
        Assert.Equal("aEN", text);
        Assert.Equal(["a", "", "EN"], pieces);
        (result, text, _) = Run(options with { MaximumTokens = 20 }, 1, 3, 4, 0);
        Assert.Equal(StopReason.StopId, result.StopReason);
        Assert.Equal("aEN", text);
    }

    [Fact]
    public void A_character_of_several_tokens_comes_whole()
    {
        var tokenizer = new FakeTokenizer([], [0xC3], [0xA9], [0xF0, 0x9F], [0x98, 0x80]);
        var target = new FakeSequence(5, FakeSequence.Script(1, 1, 2, 3, 4, 1, 0)) { EndIds = [0] };
        var pieces = new List<string>();
        new Generator(target, tokenizer).Run(
            [0],
            Greedy,
            (in step) => pieces.Add(step.Text.ToString())
        );
        Assert.Equal(["", "é", "", "😀", "", "\uFFFD"], pieces);
    }

    [Fact]
    public void The_context_ends_the_answer()
    {
        var target = new FakeSequence(8, FakeSequence.Script(3, 1), contextLength: 10);
        var result = new Generator(target, Letters).Run(
            [1, 1, 1],
            Greedy with
            {
                MaximumTokens = null,
            }
        );
        Assert.Equal(StopReason.Context, result.StopReason);
        Assert.Equal(7, result.Ids.Count);
        Assert.Equal(9, target.Committed);
    }

    [Fact]
    public void Prompts_are_read_in_chunks_and_only_what_the_cache_lacks()
    {
        var prompt = new int[25];
        Array.Fill(prompt, 1);
        var target = new FakeSequence(8, FakeSequence.Script(25, 1, 1, 0), maximumRows: 12)
        {
            EndIds = [0],
        };
        var generator = new Generator(target, Letters);
        var result = generator.Run(prompt, Greedy with { PromptChunk = 100 });
        Assert.Equal([12, 12, 1, 1, 1], target.Batches);
        Assert.Equal((25, 25), (result.PromptTokens, result.PromptTokensRun));

        target.Batches.Clear();
        int[] longer = [.. prompt, .. result.Ids, 2, 2];
        result = generator.Run(longer, Greedy with { MaximumTokens = 1, PromptChunk = 2 });
        Assert.Equal([2, 1], target.Batches);
        Assert.Equal((30, 3), (result.PromptTokens, result.PromptTokensRun));

        // A prompt that is all there already: its last token is run again for its logits.
        target.Batches.Clear();
        result = generator.Run(longer, Greedy with { MaximumTokens = 1 });
        Assert.Equal([1], target.Batches);
        Assert.Equal(1, result.PromptTokensRun);
    }

    [Fact]
    public void Chunks_do_not_change_the_answer()
    {
        int[] prompt = [.. Enumerable.Range(0, 40).Select(i => i % 8)];
        var answers = new[] { 1, 7, 40, 512 }.Select(chunk =>
        {
            var target = new FakeSequence(8, FakeSequence.Hash);
            var result = new Generator(target, null).Run(
                prompt,
                Greedy with
                {
                    PromptChunk = chunk,
                }
            );
            return string.Join(' ', result.Ids);
        });
        Assert.Single(answers.Distinct());
    }

    [Fact]
    public void The_share_of_a_long_prompt_that_is_read_is_told_after_each_pass()
    {
        var shares = new Shares();
        var target = new FakeSequence(8, FakeSequence.Hash);
        var options = Greedy with { PromptChunk = 10, PromptProgress = shares };
        int[] prompt = [.. Enumerable.Range(0, 45).Select(i => i % 8)];
        _ = new Generator(target, null).Run(prompt, options);

        // The first step reads the last five together with its own row.
        Assert.Equal([10.0 / 40, 20.0 / 40, 30.0 / 40, 1], shares.Told);
        Assert.Equal([10, 10, 10, 10, 5], target.Batches[..5]);
    }

    [Fact]
    public void Cancelling_keeps_what_is_there_and_releases_held_text()
    {
        using var source = new CancellationTokenSource();
        var target = new FakeSequence(8, FakeSequence.Script(1, 1, 3, 4, 1));
        var text = new StringBuilder();
        var ids = new List<int>();
        var result = new Generator(target, Letters).Run(
            [1],
            Greedy with
            {
                StopStrings = ["END"],
            },
            (in step) =>
            {
                ids.Add(step.Id);
                text.Append(step.Text);
                if (ids.Count == 3)
                {
                    source.Cancel();
                }
            },
            source.Token
        );
        Assert.Equal(StopReason.Cancelled, result.StopReason);
        Assert.Equal([1, 3, 4], result.Ids);
        Assert.Equal([1, 3, 4, -1], ids);
        Assert.Equal("aEN", text.ToString());
        Assert.Equal([1, 1, 3], target.Ids[..target.Committed].ToArray());
    }

    [Fact]
    public void Cancelling_before_the_start_gives_no_token()
    {
        var target = new FakeSequence(8, FakeSequence.Script(1, 1));
        var result = new Generator(target, Letters).Run(
            [1],
            Greedy,
            cancellation: new CancellationToken(canceled: true)
        );
        Assert.Equal(StopReason.Cancelled, result.StopReason);
        Assert.Empty(result.Ids);
        Assert.Equal(0, target.Committed);
    }

    [Fact]
    public void No_token_asked_for_runs_nothing()
    {
        var (result, _, _) = Run(Greedy with { MaximumTokens = 0 }, 1);
        Assert.Equal(StopReason.Length, result.StopReason);
        Assert.Empty(result.Ids);
    }

    [Fact]
    public void A_failed_pass_leaves_no_tail()
    {
        var target = new FakeSequence(8, FakeSequence.Script(1, 1));
        target.Fault = () => target.Committed == 4 ? new CacheFullException("full") : null;
        Assert.Throws<CacheFullException>(() => new Generator(target, null).Run([1], Greedy));
        Assert.Equal((4, 0), (target.Committed, target.Tail));
    }

    [Fact]
    public void Times_come_from_the_clock()
    {
        var clock = new StepClock();
        var target = new FakeSequence(
            8,
            (context, logits) =>
            {
                clock.Advance(context.Length == 10 ? 2 : 0.5);
                FakeSequence.Script(10, 1)(context, logits);
            }
        );
        var result = new Generator(target, Letters, time: clock).Run(
            new int[10],
            Greedy with
            {
                MaximumTokens = 5,
            }
        );
        Assert.Equal(TimeSpan.FromSeconds(2), result.PromptTime);
        Assert.Equal(5, result.PromptTokensPerSecond);
        Assert.Equal(TimeSpan.FromSeconds(2), result.DecodeTime);
        Assert.Equal(2, result.DecodeTokensPerSecond);
    }

    [Fact]
    public void The_chosen_seed_repeats_a_run()
    {
        var options = new GenerationOptions { MaximumTokens = 30 };
        var first = new Generator(new FakeSequence(8, FakeSequence.Hash), null).Run([1], options);
        var again = new Generator(new FakeSequence(8, FakeSequence.Hash), null).Run(
            [1],
            options with
            {
                Sampling = new SamplingOptions { Seed = first.Seed },
            }
        );
        Assert.Equal(first.Ids, again.Ids);
    }

    [Fact]
    public void Log_probabilities_come_with_each_token()
    {
        var target = new FakeSequence(8, FakeSequence.Hash);
        var records = new List<TokenLogprobs>();
        var result = new Generator(target, null).Run(
            [1],
            Greedy with
            {
                TopLogprobs = 3,
                MaximumTokens = 6,
            },
            (in step) => records.Add(step.Logprobs!)
        );
        Assert.Equal(result.Ids, records.Select(record => record.Id));
        Assert.All(records, record => Assert.Equal(3, record.Top.Count));
        Assert.All(records, record => Assert.Equal((record.Id, record.Logprob), record.Top[0]));
    }

    [Fact]
    public void A_token_allocates_nothing()
    {
        var target = new FakeSequence(8, FakeSequence.Hash);
        var (count, first, last) = (0, 0L, 0L);
        new Generator(target, Letters).Run(
            [1],
            new()
            {
                MaximumTokens = 200,
                IgnoreEnd = true,
                StopStrings = ["never said"],
                Sampling = new() { Seed = 1, PresencePenalty = 0.1f },
            },
            (in _) =>
            {
                count++;
                first = count == 20 ? GC.GetAllocatedBytesForCurrentThread() : first;
                last = count == 199 ? GC.GetAllocatedBytesForCurrentThread() : last;
            }
        );
        Assert.Equal(200, count);
        Assert.Equal(first, last);
    }

    [Fact]
    public void Prompts_that_cannot_be_used_are_refused_with_a_sentence()
    {
        var generator = new Generator(
            new FakeSequence(8, FakeSequence.Hash, contextLength: 5),
            null
        );
        Assert.Contains("no token", Message([], Greedy));
        Assert.Contains("5 tokens, but the context holds 5", Message(new int[5], Greedy));
        Assert.Contains("token 8, but ids go from 0 to 7", Message([1, 8], Greedy));
        Assert.Contains("token -1,", Message([-1], Greedy));
        Assert.Contains("-1 tokens", Message([1], Greedy with { MaximumTokens = -1 }));
        Assert.Contains("chunk is 0", Message([1], Greedy with { PromptChunk = 0 }));
        Assert.Contains("101 top", Message([1], Greedy with { TopLogprobs = 101 }));
        Assert.Contains("need a tokenizer", Message([1], Greedy with { StopStrings = ["x"] }));
        Assert.Contains(
            "The top-p is 2",
            Message([1], Greedy with { Sampling = new() { TopP = 2 } })
        );

        string Message(int[] prompt, GenerationOptions options) =>
            Assert.Throws<InputException>(() => generator.Run(prompt, options)).Message;
    }

    private static (GenerationResult Result, string Text, List<string> Pieces) Run(
        GenerationOptions options,
        params int[] script
    )
    {
        var target = new FakeSequence(8, FakeSequence.Script(1, script)) { EndIds = [0] };
        var pieces = new List<string>();
        var result = new Generator(target, Letters).Run(
            [6],
            options,
            (in step) => pieces.Add(step.Text.ToString())
        );
        return (result, string.Concat(pieces), pieces);
    }

    private sealed class StepClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(double seconds) => _ticks += (long)(seconds * TimeSpan.TicksPerSecond);

        public override long GetTimestamp() => _ticks;
    }

    private sealed class Shares : IProgress<double>
    {
        public List<double> Told { get; } = [];

        public void Report(double value) => Told.Add(value);
    }
}

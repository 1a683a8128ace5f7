using Puna.Cli.Models;
using Puna.Engine;
using Puna.Engine.Decoding;
using Puna.Engine.Runtime;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>What a conversation keeps: after refusals, interruptions, a full context, and turns that are taken back.</summary>
public sealed class ChatSessionTests : IDisposable
{
    private const int Context = 256;
    private const string Question = "What is the capital of France?";
    private const string Next = "And of Italy?";

    private static readonly GenerationOptions s_short = new()
    {
        MaximumTokens = 12,
        Sampling = SamplingOptions.Greedy,
    };

    private static readonly string s_oversized = string.Join(
        ' ',
        Enumerable.Repeat("word", Context)
    );

    private readonly InferenceEngine _engine = InferenceEngine.Load(
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf"),
        new InferenceOptions { ContextLength = Context }
    );

    private readonly ChatSession _session;

    public ChatSessionTests() => _session = new ChatSession(_engine, null);

    public void Dispose()
    {
        _session.Dispose();
        _engine.Dispose();
    }

    [Fact]
    public void An_oversized_message_is_refused_and_nothing_is_lost()
    {
        _ = Say(Question);
        var before = _session.Messages.ToList();
        var failure = Assert.Throws<InputException>(() => Say(s_oversized));
        Assert.Matches(
            $@"a prompt of \d+ tokens, but the context holds {Context} ",
            failure.Message
        );
        Assert.Equal(before, _session.Messages);

        // The cache is what it was, too.
        Assert.InRange(Say(Next).PromptTokensRun, 1, 20);
        Assert.Equal(before, _session.Messages.Take(2));
    }

    [Fact]
    public void A_full_context_drops_a_larger_share_at_once_and_the_turns_that_follow_read_only_what_is_new()
    {
        var forgotten = new List<int>();
        var reads = new List<int>();
        var turns = 0;
        for (var reread = false; !reread; turns++)
        {
            var result = Say($"{turns}. {Question}", forgotten.Add);
            reread = forgotten.Count > 0;
            if (reread)
            {
                Assert.InRange(result.PromptTokens, 1, Context / 2);
                Assert.Equal(forgotten[0], _session.Messages.Count - 2 - Kept(result.PromptTokens));
            }

            Assert.True(turns < Context, "The context never filled.");
        }

        // Nothing of the conversation itself is gone.
        Assert.Equal(2 * turns, _session.Messages.Count);
        Assert.StartsWith("0. ", _session.Messages[0].Content, StringComparison.Ordinal);
        for (var after = 0; after < 2; after++)
        {
            reads.Add(Say($"{turns + after}. {Question}", forgotten.Add).PromptTokensRun);
        }

        Assert.Single(forgotten);
        Assert.All(reads, read => Assert.InRange(read, 1, 25));

        // Messages of the prompt but its last, from its own text.
        int Kept(int tokens) =>
            Enumerable
                .Range(0, _session.Messages.Count)
                .First(kept => TokensOfNewest(kept) == tokens);

        int TokensOfNewest(int kept) =>
            ChatPrompt
                .Encode(_engine.Tokenizer!, [.. _session.Messages.SkipLast(1).TakeLast(kept + 1)])
                .Length;
    }

    [Fact]
    public void An_interrupted_prompt_leaves_history_and_cache_as_they_were()
    {
        _ = Say(Question);
        var before = _session.Messages.ToList();
        using var source = new CancellationTokenSource();
        var options = s_short with { PromptChunk = 8, PromptProgress = new CancelAfter(2, source) };
        var shown = false;
        var result = _session.Say(
            string.Join(' ', Enumerable.Repeat("word", Context / 2)),
            options,
            (in _) => shown = true,
            _ => Assert.Fail("Nothing has to be forgotten."),
            source.Token
        );
        Assert.Equal(StopReason.Cancelled, result.StopReason);
        Assert.Equal(16, result.PromptTokensRun);
        Assert.Empty(result.Ids);
        Assert.False(shown);
        Assert.Equal(before, _session.Messages);

        // As if it had never been asked: the next turn and its answer are those of a conversation without it.
        var next = Say(Next);
        using var other = new ChatSession(_engine, null);
        _ = Say(other, Question, s_short);
        var expected = Say(other, Next, s_short);
        Assert.Equal(expected.PromptTokensRun, next.PromptTokensRun);
        Assert.Equal(expected.Ids, next.Ids);
    }

    [Fact]
    public void An_interrupted_answer_is_kept_as_far_as_it_came()
    {
        using var source = new CancellationTokenSource();
        var tokens = 0;
        var text = "";
        _ = _session.Say(
            Question,
            s_short,
            (in step) =>
            {
                text += step.Text.ToString();
                if (++tokens == 3)
                {
                    source.Cancel();
                }
            },
            _ => { },
            source.Token
        );
        Assert.Equal(3, tokens);
        Assert.Equal(2, _session.Messages.Count);
        Assert.Equal(text.Trim(), _session.Messages[1].Content);
        Assert.NotEqual("", _session.Messages[1].Content);
    }

    [Fact]
    public void An_exchange_is_taken_back()
    {
        _ = Assert.Throws<InputException>(() => _session.Undo());
        _ = Say(Question);
        var first = _session.Messages.ToList();
        var expected = Say(Next).Ids;
        Assert.Equal(Next, _session.Undo());
        Assert.Equal(first, _session.Messages);
        var again = Say(Next);
        Assert.Equal(expected, again.Ids);
        Assert.Equal(1, again.PromptTokensRun);
        _ = _session.Undo();
        Assert.Equal(Question, _session.Undo());
        Assert.Empty(_session.Messages);
    }

    [Fact]
    public void A_message_is_answered_anew_with_other_draws()
    {
        _ = Assert.Throws<InputException>(() => Retry(s_short));
        var drawing = s_short with
        {
            Sampling = new SamplingOptions { Temperature = 1.5f, Seed = 5 },
        };
        _ = Say(Question);
        var first = Say(_session, Next, drawing);
        var second = Retry(drawing);
        var third = Retry(drawing);
        Assert.Equal((5UL, 6UL, 7UL), (first.Seed, second.Seed, third.Seed));
        Assert.NotEqual(first.Ids, second.Ids);
        Assert.NotEqual(second.Ids, third.Ids);
        Assert.Equal(1, second.PromptTokensRun);
        Assert.Equal(4, _session.Messages.Count);
        Assert.Equal(Next, _session.Messages[2].Content);

        // An interruption before the new answer begins leaves the old one.
        var before = _session.Messages.ToList();
        var cancelled = _session.Retry(
            drawing,
            (in _) => { },
            _ => { },
            new CancellationToken(canceled: true)
        );
        Assert.Equal(StopReason.Cancelled, cancelled.StopReason);
        Assert.Equal(before, _session.Messages);

        // Without a seed each answer draws its own.
        var free = drawing with
        {
            Sampling = drawing.Sampling with { Seed = null },
        };
        Assert.NotEqual(Retry(free).Seed, Retry(free).Seed);
    }

    [Theory]
    [InlineData("[{\"role\": \"user\"}]", "no saved conversation")]
    [InlineData("OVERSIZED", "tokens, but the context holds")]
    public void A_file_that_cannot_be_loaded_keeps_the_conversation(string json, string reason)
    {
        _ = Say(Question);
        var before = _session.Messages.ToList();
        var failure = Assert.Throws<InputException>(() =>
            _session.Load(
                json == "OVERSIZED"
                    ? $"[{{\"role\": \"system\", \"content\": \"{s_oversized}\"}}]"
                    : json,
                "file.json"
            )
        );
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, _session.Messages);
        Assert.Null(_session.System);
        Assert.InRange(Say(Next).PromptTokensRun, 1, 20);
    }

    [Fact]
    public void A_saved_conversation_longer_than_the_context_goes_on_with_its_newest_turns()
    {
        var turns = string.Join(
            ',',
            Enumerable
                .Range(0, Context / 8)
                .Select(turn =>
                    $"{{\"role\": \"user\", \"content\": \"{turn}\"}}, {{\"role\": \"assistant\", \"content\": \"Yes.\"}}"
                )
        );
        _session.Load($"[{turns}]", "file.json");
        Assert.Equal(Context / 4, _session.Messages.Count);
        var forgotten = new List<int>();
        var result = Say(Question, forgotten.Add);
        Assert.InRange(result.PromptTokens, 1, Context / 2);
        _ = Assert.Single(forgotten);
        Assert.Equal((Context / 4) + 2, _session.Messages.Count);
    }

    [Fact]
    public void An_oversized_system_text_is_refused_and_nothing_is_lost()
    {
        _session.Begin("You are terse.");
        _ = Say(Question);
        _ = Assert.Throws<InputException>(() => _session.Begin(s_oversized));
        Assert.Equal("You are terse.", _session.System);
        Assert.Equal(2, _session.Messages.Count);
        _ = Assert.Throws<InputException>(() => new ChatSession(_engine, s_oversized));
    }

    private GenerationResult Say(string text, Action<int>? forgotten = null) =>
        Say(_session, text, s_short, forgotten);

    private static GenerationResult Say(
        ChatSession session,
        string text,
        GenerationOptions options,
        Action<int>? forgotten = null
    ) =>
        session.Say(
            text,
            options,
            (in _) => { },
            forgotten ?? (_ => Assert.Fail("Nothing has to be forgotten.")),
            TestContext.Current.CancellationToken
        );

    private GenerationResult Retry(GenerationOptions options) =>
        _session.Retry(
            options,
            (in _) => { },
            _ => Assert.Fail("Nothing has to be forgotten."),
            TestContext.Current.CancellationToken
        );

    private sealed class CancelAfter(int passes, CancellationTokenSource source) : IProgress<double>
    {
        private int _passes;

        public void Report(double value)
        {
            if (++_passes == passes)
            {
                source.Cancel();
            }
        }
    }
}

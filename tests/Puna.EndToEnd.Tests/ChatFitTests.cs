using Puna.Cli.Models;
using Puna.Engine;
using Puna.Engine.Text.Templates;

namespace Puna.EndToEnd.Tests;

/// <summary>Which turns stay where a conversation outgrows its context: each message costs as many tokens as it has letters.</summary>
public sealed class ChatFitTests
{
    private const int Context = 100;
    private const int Reserve = 25;

    [Fact]
    public void What_fits_is_read_whole()
    {
        var fit = Fit(0, 10, 10, 10, 10, 35);
        Assert.Equal((75, 0), (fit.Prompt.Length, fit.Start));
    }

    [Fact]
    public void Once_turns_must_go_half_of_the_context_is_free()
    {
        var fit = Fit(0, 10, 10, 10, 10, 10, 10, 16);
        Assert.Equal((36, 4), (fit.Prompt.Length, fit.Start));

        // The next turns fit as they are, and so begin with the same tokens.
        fit = Fit(fit.Start, 10, 10, 10, 10, 10, 10, 16, 14, 10);
        Assert.Equal((60, 4), (fit.Prompt.Length, fit.Start));
    }

    [Fact]
    public void A_long_message_is_read_alone_where_it_fits_alone()
    {
        var fit = Fit(0, 10, 10, 99);
        Assert.Equal((99, 2), (fit.Prompt.Length, fit.Start));
        fit = Fit(0, 99);
        Assert.Equal((99, 0), (fit.Prompt.Length, fit.Start));
    }

    [Fact]
    public void A_message_that_does_not_fit_alone_is_refused()
    {
        foreach (var failing in new Action[] { () => Fit(0, 10, 10, 100), () => Fit(0, 100) })
        {
            var failure = Assert.Throws<InputException>(failing);
            Assert.Contains("100 tokens", failure.Message, StringComparison.Ordinal);
            Assert.Contains($"holds {Context}", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_answer_goes_with_its_question()
    {
        // Without the first question alone half would be free.
        var fit = Fit(0, 45, 5, 30, 10, 5);
        Assert.Equal((45, 2), (fit.Prompt.Length, fit.Start));
        fit = Fit(0, 45, 20, 20, 10, 5);
        Assert.Equal((35, 2), (fit.Prompt.Length, fit.Start));
    }

    private static ChatFit Fit(int start, params int[] lengths) =>
        ChatFit.Of(
            messages => new int[messages.Sum(message => message.Content.Length)],
            [
                .. lengths.Select(
                    (length, index) =>
                        new ChatMessage(
                            index % 2 == 0 ? "user" : "assistant",
                            new string('x', length)
                        )
                ),
            ],
            start,
            Context,
            Reserve
        );
}

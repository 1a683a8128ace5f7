using Puna.Engine;
using Puna.Engine.Text.Templates;

namespace Puna.Cli.Models;

/// <summary>The part of a conversation that is read where all of it outgrew the context: its newest turns.</summary>
/// <param name="Prompt">Ids of the prompt.</param>
/// <param name="Start">Index of the first message that it holds.</param>
internal sealed record ChatFit(int[] Prompt, int Start)
{
    private const string User = "user";

    /// <summary>
    /// Finds the part that fits. Once turns must go, so many go that half of the context is free: the prompts that follow
    /// then begin alike, and only what is new in them is read.
    /// </summary>
    /// <param name="encode">Ids of the prompt that ends with the given messages; the system text comes with each.</param>
    /// <param name="messages">All turns; the last one is the message to be answered.</param>
    /// <param name="start">Index of the first message that the last prompt held.</param>
    /// <param name="context">Tokens that the context holds, prompt and answer.</param>
    /// <param name="reserve">Tokens that the answer is to have where old turns can make room, from 1 to half of the context.</param>
    /// <exception cref="InputException">The last message does not fit even alone.</exception>
    public static ChatFit Of(
        Func<IReadOnlyList<ChatMessage>, int[]> encode,
        IReadOnlyList<ChatMessage> messages,
        int start,
        int context,
        int reserve
    )
    {
        var prompt = encode([.. messages.Skip(start)]);
        if (prompt.Length + reserve <= context)
        {
            return new ChatFit(prompt, start);
        }

        var last = messages.Count - 1;
        var alone = encode([messages[last]]);
        if (alone.Length >= context)
        {
            throw new InputException(
                $"The message makes a prompt of {alone.Length} tokens, but the context holds {context} and one must be left for the answer; shorten it or choose a larger --ctx."
            );
        }

        for (var next = NextTurn(messages, start); next < last; next = NextTurn(messages, next))
        {
            prompt = encode([.. messages.Skip(next)]);
            if (prompt.Length <= context / 2)
            {
                return new ChatFit(prompt, next);
            }
        }

        return new ChatFit(alone, last);
    }

    // A turn of the user and its answer go together.
    private static int NextTurn(IReadOnlyList<ChatMessage> messages, int start)
    {
        do
        {
            start++;
        } while (start < messages.Count - 1 && messages[start].Role != User);

        return start;
    }
}

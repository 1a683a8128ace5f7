using Puna.Engine;
using Puna.Engine.Text;
using Puna.Engine.Text.Templates;

namespace Puna.Cli.Models;

/// <summary>Turns messages into the ids of a prompt by the model's own template.</summary>
internal static class ChatPrompt
{
    // Unicode keeps these for use inside programs: no text that is exchanged has them.
    private const char FirstNoncharacter = '\uFDD0';
    private const int Noncharacters = 32;

    /// <summary>
    /// Ids of the rendered conversation, up to the beginning of the assistant's answer. The template writes BOS itself
    /// where the model wants one.
    /// </summary>
    /// <param name="tokenizer">The model's; its template is used.</param>
    /// <param name="messages">The turns.</param>
    /// <param name="special">
    /// Whether special tokens that are spelt out in the messages are recognised. They are text otherwise, so that nobody
    /// can end a turn and speak as somebody else; those of the template are recognised always.
    /// </param>
    /// <exception cref="InputException">The template fails or refuses the conversation.</exception>
    public static int[] Encode(
        ITokenizer tokenizer,
        IReadOnlyList<ChatMessage> messages,
        bool special = false
    )
    {
        if (special)
        {
            return [.. tokenizer.Encode(Render(tokenizer.Data, messages))];
        }

        var guard = UnusedCharacter(messages);
        var guarded = messages
            .Select(message => message with { Content = tokenizer.Guard(message.Content, guard) })
            .ToList();
        return [.. tokenizer.EncodeGuarded(Render(tokenizer.Data, guarded), guard)];
    }

    private static string Render(TokenizerData data, IReadOnlyList<ChatMessage> messages) =>
        ChatTemplate
            .Parse(data.ChatTemplate!)
            .Render(
                messages,
                addGenerationPrompt: true,
                data.Spelling(data.BosId),
                data.Spelling(data.EosId),
                TimeProvider.System.GetLocalNow().DateTime
            );

    private static char UnusedCharacter(IReadOnlyList<ChatMessage> messages)
    {
        for (var i = 0; i < Noncharacters; i++)
        {
            var candidate = (char)(FirstNoncharacter + i);
            if (
                messages.All(message =>
                    !message.Content.Contains(candidate, StringComparison.Ordinal)
                )
            )
            {
                return candidate;
            }
        }

        throw new InputException(
            "The messages hold all 32 characters U+FDD0 to U+FDEF, which are no text; leave one of them out."
        );
    }
}

using Puna.Engine.Text;
using Puna.Engine.Text.Templates;

namespace Puna.Cli.Models;

/// <summary>Turns messages into the ids of a prompt by the model's own template.</summary>
internal static class ChatPrompt
{
    /// <summary>
    /// Ids of the rendered conversation, up to the beginning of the assistant's answer. The template writes BOS itself
    /// where the model wants one.
    /// </summary>
    public static int[] Encode(ITokenizer tokenizer, IReadOnlyList<ChatMessage> messages)
    {
        var template = ChatTemplate.Parse(tokenizer.Data.ChatTemplate!);
        var rendered = template.Render(
            messages,
            addGenerationPrompt: true,
            tokenizer.Data.Spelling(tokenizer.Data.BosId),
            tokenizer.Data.Spelling(tokenizer.Data.EosId),
            TimeProvider.System.GetLocalNow().DateTime
        );
        return [.. tokenizer.Encode(rendered)];
    }
}

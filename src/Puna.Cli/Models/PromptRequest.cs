using Puna.Engine;
using Puna.Engine.Runtime;
using Puna.Engine.Text.Templates;

namespace Puna.Cli.Models;

/// <summary>What the user put before the model, and how it becomes ids.</summary>
internal sealed record PromptRequest
{
    /// <summary>The text, or null when ids were given.</summary>
    public required string? Text { get; init; }

    /// <summary>Whether the text came from a file or a pipe, where a last line usually has an end.</summary>
    public required bool EndsLine { get; init; }

    /// <summary>Exactly these ids, or null.</summary>
    public required IReadOnlyList<int>? Ids { get; init; }

    /// <summary>System text of the chat template, or null.</summary>
    public required string? System { get; init; }

    /// <summary>The text alone, without the chat template.</summary>
    public required bool Raw { get; init; }

    /// <summary>Whether special tokens that are spelt out in the text are recognised.</summary>
    public required bool Special { get; init; }

    /// <summary>Checks what goes together, before a model is loaded.</summary>
    /// <param name="template">Whether a chat template was given beside it.</param>
    /// <exception cref="InputException">--system or --chat-template was given where no template is used.</exception>
    public void Validate(bool template)
    {
        if ((System is not null || template) && (Raw || Ids is not null))
        {
            throw new InputException(
                System is not null
                    ? "--system needs the chat template; it cannot be given with --raw or --ids."
                    : "--chat-template cannot be given with --raw or --ids, which use none."
            );
        }
    }

    /// <summary>The ids that the model is to read.</summary>
    /// <exception cref="InputException">The model has no tokenizer, or no chat template for a system text.</exception>
    public int[] Encode(InferenceEngine engine)
    {
        if (Ids is not null)
        {
            return [.. Ids];
        }

        var tokenizer =
            engine.Tokenizer
            ?? throw new InputException(
                "This model has no tokenizer; give one with --tokenizer FILE, or the prompt as --ids \"1,2,3\"."
            );
        if (Raw || tokenizer.Data.ChatTemplate is null)
        {
            if (System is not null)
            {
                throw new InputException(
                    "--system was given, but this model has no chat template."
                );
            }

            var ids = tokenizer.Encode(Text!, parseSpecial: Special);
            return tokenizer.Data is { AddBos: true, BosId: { } bos } ? [bos, .. ids] : [.. ids];
        }

        List<ChatMessage> messages = [new("user", EndsLine ? WithoutLineEnd(Text!) : Text!)];
        if (System is not null)
        {
            messages.Insert(0, new ChatMessage("system", System));
        }

        return ChatPrompt.Encode(tokenizer, messages, Special);
    }

    private static string WithoutLineEnd(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2]
        : text.EndsWith('\n') ? text[..^1]
        : text;
}

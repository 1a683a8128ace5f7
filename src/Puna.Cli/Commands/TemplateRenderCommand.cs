using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Files;
using Puna.Engine.Files.Json;
using Puna.Engine.Text.Templates;

namespace Puna.Cli.Commands;

/// <summary><c>puna template render</c>: the prompt that a chat template makes of messages.</summary>
internal static class TemplateRenderCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var template = new Argument<string?>("MODEL|FILE.jinja")
        {
            Description = "A model with a chat template, or a template; left out when -m names it.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var model = ModelOptions.Model();
        var messages = new Argument<string?>("MESSAGES.json")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description =
                "An array of messages, or an object with messages, tools, add_generation_prompt and any other variable.",
        };
        var now = new Option<string?>("--now")
        {
            Description = "What strftime_now takes for the present (default: now).",
            HelpName = "2026-03-14T15:09:26",
        };
        var command = new ExampleCommand(
            "render",
            "Print the prompt that a chat template makes of messages.",
            Examples.Of(
                "puna template render model.gguf messages.json",
                "puna template render chat_template.jinja conversation.json --now 2026-03-14T15:09:26"
            )
        )
        {
            template,
            messages,
            model,
            now,
        };
        command.SetAction(result =>
        {
            var split = ModelArguments.Leading(
                result.GetValue(model),
                ModelArguments.Given(result, template, messages),
                template.Name
            );
            if (split.Rest is not [var conversation])
            {
                throw new InputException(
                    $"{messages.Name} is missing; name a file of messages behind the template."
                );
            }

            var (source, bos, eos) = Source(split.Model!);
            using var variables = Variables(conversation);
            var rendered = ChatTemplate
                .Parse(source)
                .Render(variables.RootElement, Now(result.GetValue(now)), bos, eos);
            Console.Out.Write(rendered);
            return ExitCode.Done;
        });
        return command;
    }

    private static (string Source, string Bos, string Eos) Source(string path)
    {
        if (path.EndsWith(".jinja", StringComparison.OrdinalIgnoreCase))
        {
            return (TextFile.Read(path, TextFile.LargestTemplate), "<s>", "</s>");
        }

        using var file = ModelFiles.Open(path);
        if (file.Tokenizer is not { ChatTemplate: { } source } tokenizer)
        {
            throw new InputException(
                $"The model '{path}' has no chat template; give a template file (.jinja)."
            );
        }

        return (source, tokenizer.Spelling(tokenizer.BosId), tokenizer.Spelling(tokenizer.EosId));
    }

    private static JsonDocument Variables(string path)
    {
        var document = JsonText.Parse(path, Encoding.UTF8.GetBytes(TextFile.Read(path)));
        var root = document.RootElement;
        var messages = root;
        if (
            root.ValueKind == JsonValueKind.Object
            && !root.TryGetProperty("messages", out messages)
        )
        {
            return document;
        }

        var wrong =
            messages.ValueKind == JsonValueKind.Array
                ? messages.EnumerateArray().FirstOrDefault(IsNoMessage)
                : messages;
        if (wrong.ValueKind == JsonValueKind.Undefined)
        {
            return document;
        }

        document.Dispose();
        throw new InputException(
            $"'{path}' holds no messages: an array of objects with role and content is needed, alone or as \"messages\" of an object."
        );
    }

    private static bool IsNoMessage(JsonElement message) =>
        message.ValueKind != JsonValueKind.Object;

    private static DateTime Now(string? text)
    {
        if (text is null)
        {
            return TimeProvider.System.GetLocalNow().DateTime;
        }

        return DateTime.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out var now
        )
            ? now
            : throw new InputException(
                $"--now '{text}' is no date and time; write it as 2026-03-14T15:09:26."
            );
    }
}

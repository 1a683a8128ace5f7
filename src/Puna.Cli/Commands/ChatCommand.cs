using System.CommandLine;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Cli.Terminal.LineEditing;
using Puna.Engine.Decoding;
using Puna.Engine.Files;

namespace Puna.Cli.Commands;

/// <summary><c>puna chat</c>: a conversation in the terminal.</summary>
internal static class ChatCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var model = new Argument<string?>("MODEL")
        {
            Description = "The model; the default one when this is left out.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var count = new Option<int?>("-n", "--max-tokens")
        {
            Description = "Most tokens of an answer.",
            HelpName = "N",
        };
        var system = new Option<string?>("--system")
        {
            Description = "System text.",
            HelpName = "TEXT",
        };
        var special = PromptArguments.Special();
        var command = new ExampleCommand(
            "chat",
            "Talk with a model; the cache is kept between turns.",
            Examples.Of("puna chat", "puna chat model.gguf --system \"You are terse.\" --temp 0.5")
                + $"{Environment.NewLine}{Environment.NewLine}In the chat:{Environment.NewLine}  "
                + ChatDialogue.Help.Replace(
                    "\n",
                    $"{Environment.NewLine}  ",
                    StringComparison.Ordinal
                )
        )
        {
            model,
            count,
            system,
            special,
        };
        var modelOptions = new ModelOptions(command, template: true);
        var sampling = new SamplingArguments(command);
        command.SetAction(
            (result, cancellation) =>
            {
                var named = ModelArguments.Single(
                    modelOptions.Named(result),
                    result.GetValue(model)
                );
                var options = new GenerationOptions
                {
                    MaximumTokens = ModelOptions.Range(
                        "-n",
                        result.GetValue(count),
                        1,
                        int.MaxValue
                    ),
                    Sampling = sampling.Read(result),
                };
                var path = named ?? DefaultModel.Path();
                var systemText = result.GetValue(system) is { } text
                    ? Utf8Text.Argument(text, "--system")
                    : null;
                using var engine = ModelLoading.Load(path, modelOptions.Read(result), cancellation);
                using var session = new ChatSession(engine, systemText, result.GetValue(special))
                {
                    Inputs = ModelFolder.Inputs(path),
                };
                return Task.FromResult(Talk(path, session, options, cancellation));
            }
        );
        return command;
    }

    private static int Talk(
        string path,
        ChatSession session,
        GenerationOptions options,
        CancellationToken cancellation
    )
    {
        var interactive = !Console.IsInputRedirected;
        if (interactive)
        {
            Console.Error.WriteLine(
                $"{path}, a context of {session.ContextLength} tokens. Type a message; /help for commands and keys, Ctrl-D leaves."
            );
        }

        ILineReader reader = CanEdit
            ? new LineEditor(new ConsoleKeys(), Console.Error)
            : new PlainLines(prompts: interactive);
        return new ChatDialogue(session, options, reader, interactive).Run(cancellation);
    }

    // The console of Windows edits lines itself.
    private static bool CanEdit =>
        !Console.IsInputRedirected
        && !Console.IsErrorRedirected
        && !OperatingSystem.IsWindows()
        && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
}

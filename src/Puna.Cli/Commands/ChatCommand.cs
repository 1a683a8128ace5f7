using System.CommandLine;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Decoding;

namespace Puna.Cli.Commands;

/// <summary><c>puna chat</c>: a conversation in the terminal.</summary>
internal static class ChatCommand
{
    private static readonly string[] s_commands =
    [
        "/reset",
        "/system",
        "/save",
        "/load",
        "/help",
        "/exit",
    ];

    private const string Help =
        "/reset          forget the conversation\n"
        + "/system TEXT    set the system text and forget the conversation\n"
        + "/save FILE      write the conversation as JSON\n"
        + "/load FILE      go on with a saved conversation\n"
        + "/help           this list\n"
        + "/exit           leave (or end the input with Ctrl-D); Ctrl-C ends an answer early";

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
        var command = new ExampleCommand(
            "chat",
            "Talk with a model; the cache is kept between turns.",
            Examples.Of("puna chat", "puna chat model.gguf --system \"You are terse.\" --temp 0.5")
                + $"{Environment.NewLine}{Environment.NewLine}In the chat:{Environment.NewLine}  "
                + Help.Replace("\n", $"{Environment.NewLine}  ", StringComparison.Ordinal)
        )
        {
            model,
            count,
            system,
        };
        var modelOptions = new ModelOptions(command);
        var sampling = new SamplingArguments(command);
        command.SetAction(
            (result, cancellation) =>
            {
                var named = modelOptions.Named(result) ?? result.GetValue(model);
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
                var path = named is null ? null : ModelArguments.Existing(named);
                var systemText = result.GetValue(system) is { } text
                    ? Utf8Text.Argument(text, "--system")
                    : null;
                using var engine = ModelLoading.Load(path, modelOptions.Read(result), cancellation);
                using var session = new ChatSession(engine, systemText);
                Converse(session, options, cancellation);
                return Task.FromResult(
                    cancellation.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Done
                );
            }
        );
        return command;
    }

    private static void Converse(
        ChatSession session,
        GenerationOptions options,
        CancellationToken cancellation
    )
    {
        Remark("Type a message, /help for commands, /exit to leave.");
        while (!cancellation.IsCancellationRequested)
        {
            Prompt();
            try
            {
                var line = StandardInput.Line();
                if (line is null || line.Trim() is "/exit" or "/quit")
                {
                    return;
                }

                if (line.StartsWith('/'))
                {
                    Obey(session, line);
                }
                else if (!string.IsNullOrWhiteSpace(line))
                {
                    Answer(session, line, options);
                }
            }
            catch (InputException failure)
            {
                Console.Error.WriteLine($"puna: {PrintableText.Escape(failure.Message)}");
            }
        }
    }

    private static void Answer(ChatSession session, string line, GenerationOptions options)
    {
        using var interruption = new Interruption();
        using var output = new TextStream();
        var result = session.Say(
            line,
            options,
            (in step) => output.Write(step.Text),
            dropped =>
                Remark(
                    $"The conversation outgrew the context: its {dropped} oldest turns were left out."
                ),
            interruption.Token
        );
        output.End();
        Remark(
            $"[{result.PromptTokensRun} of {result.PromptTokens} prompt tokens run, {result.PromptTokensPerSecond:F0} tokens/s; "
                + $"{result.Ids.Count} tokens, {result.DecodeTokensPerSecond:F0} tokens/s]"
        );
    }

    private static void Obey(ChatSession session, string line)
    {
        var blank = line.IndexOf(' ', StringComparison.Ordinal);
        var name = blank < 0 ? line : line[..blank];
        var rest = blank < 0 ? "" : line[(blank + 1)..].Trim();
        switch (name)
        {
            case "/help":
                Console.Error.WriteLine(Help);
                break;
            case "/reset":
                session.Reset();
                Remark("The conversation is forgotten.");
                break;
            case "/system":
                session.Reset();
                session.System = rest.Length == 0 ? null : rest;
                Remark(
                    rest.Length == 0
                        ? "The template's own system text is back."
                        : "The system text is set."
                );
                break;
            case "/save":
                session.Save(Required(rest, name));
                Remark($"Saved {session.Messages.Count} turns.");
                break;
            case "/load":
                session.Load(TextFile.Read(Required(rest, name)), rest);
                Remark($"Loaded {session.Messages.Count} turns.");
                break;
            default:
                throw new InputException(
                    $"'{name}' is not a command of the chat; known are {string.Join(", ", s_commands)}{NearestName.Hint(name, s_commands)}."
                );
        }
    }

    private static string Required(string path, string command) =>
        path.Length > 0 ? path : throw new InputException($"{command} needs the name of a file.");

    private static void Prompt()
    {
        if (!Console.IsInputRedirected)
        {
            Console.Error.Write("> ");
        }
    }

    private static void Remark(string text)
    {
        if (!Console.IsInputRedirected)
        {
            Console.Error.WriteLine(text);
        }
    }
}

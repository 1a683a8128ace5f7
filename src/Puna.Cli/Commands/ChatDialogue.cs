using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Cli.Terminal.LineEditing;
using Puna.Engine;
using Puna.Engine.Decoding;

namespace Puna.Cli.Commands;

/// <summary>The dialogue of <c>puna chat</c>: reads messages and commands, and answers them.</summary>
/// <param name="session">The conversation.</param>
/// <param name="options">Sampling and stops of the answers.</param>
/// <param name="reader">Brings what the user types.</param>
/// <param name="interactive">Whether somebody reads remarks.</param>
internal sealed class ChatDialogue(
    ChatSession session,
    GenerationOptions options,
    ILineReader reader,
    bool interactive
)
{
    private const int Excerpt = 40;

    private static readonly string[] s_commands =
    [
        "/reset",
        "/system",
        "/save",
        "/save!",
        "/load",
        "/undo",
        "/retry",
        "/help",
        "/exit",
    ];

    /// <summary>The commands, and how messages are typed.</summary>
    public const string Help =
        "/reset          forget the conversation\n"
        + "/system TEXT    set the system text and forget the conversation\n"
        + "/save FILE      write the conversation as JSON (/save! FILE replaces any file)\n"
        + "/load FILE      go on with a saved conversation\n"
        + "/undo           take back the last message and its answer\n"
        + "/retry          answer the last message anew, with other draws\n"
        + "/help           this list\n"
        + "/exit           leave (as Ctrl-D on an empty line, or Ctrl-C twice)\n"
        + "Ctrl-C          ends an answer early; at the prompt it clears the line\n"
        + "Several lines: paste them, press Alt-Enter, end a line with \\, or begin and end the message with \"\"\".\n"
        + "Keys: Up and Down for what was typed before, Home, End, Ctrl-A, E, U, K, W, Y, L as in a shell.";

    /// <summary>Talks until the user leaves.</summary>
    /// <param name="cancellation">Ends it from outside.</param>
    /// <returns>The exit code.</returns>
    public int Run(CancellationToken cancellation)
    {
        var leaves = false;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var line = Read();
                if (line.End == LineEnd.Cancelled)
                {
                    var ended = cancellation.IsCancellationRequested || !interactive;
                    if (ended || (leaves && line.Text.Length == 0))
                    {
                        Remark("Interrupted: the chat is over.");
                        return ExitCode.Interrupted;
                    }

                    leaves = true;
                    Remark("Ctrl-C once more or Ctrl-D leaves the chat.");
                    continue;
                }

                leaves = false;
                if (line.End == LineEnd.EndOfInput || line.Text.Trim() is "/exit" or "/quit")
                {
                    Remark("The chat is over.");
                    return ExitCode.Done;
                }

                Take(line.Text);
            }
            catch (InputException failure)
            {
                Console.Error.WriteLine($"puna: {PrintableText.Escape(failure.Message)}");
            }
        }

        return ExitCode.Interrupted;
    }

    private EnteredLine Read()
    {
        using var interruption = new Interruption();
        return reader.Read(interruption.Token);
    }

    private void Take(string line)
    {
        var end = line.IndexOfAny([' ', '\n']);
        var name = end < 0 ? line : line[..end];

        // A path at the beginning of a pasted text is no command.
        if (name.StartsWith('/') && (s_commands.Contains(name) || !line.Contains('\n')))
        {
            Obey(name, end < 0 ? "" : line[(end + 1)..].Trim());
        }
        else if (!string.IsNullOrWhiteSpace(line))
        {
            Answer(line);
        }
    }

    private void Obey(string name, string rest)
    {
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
                session.Begin(rest.Length == 0 ? null : rest);
                Remark(
                    rest.Length == 0
                        ? "The template's own system text is back."
                        : "The system text is set."
                );
                break;
            case "/save" or "/save!":
                session.Save(Required(rest, name), force: name == "/save!");
                Remark($"Saved {session.Messages.Count} turns.");
                break;
            case "/load":
                session.Load(TextFile.Read(Required(rest, name)), rest);
                Remark($"Loaded {session.Messages.Count} turns.");
                break;
            case "/undo":
                Remark($"Taken back: {Short(session.Undo())}");
                break;
            case "/retry":
                Answer(null);
                break;
            default:
                throw new InputException(
                    $"'{name}' is not a command of the chat; known are {string.Join(", ", s_commands)}{NearestName.Hint(name, s_commands)}."
                );
        }
    }

    /// <summary>Answers a message, or the last one anew.</summary>
    private void Answer(string? message)
    {
        var said = false;
        using var interruption = new Interruption();
        using var output = new TextStream();
        using var progress = new PromptProgress();
        var asked = options with { PromptProgress = progress };
        var result = message is null
            ? session.Retry(asked, Show, TellForgotten, interruption.Token)
            : session.Say(message, asked, Show, TellForgotten, interruption.Token);
        progress.Dispose();
        if (result.StopReason == StopReason.Cancelled && !said)
        {
            Remark("Interrupted before the answer began: nothing was said.");
            return;
        }

        output.End();
        Remark(
            $"[{result.PromptTokensRun} of {result.PromptTokens} prompt tokens run, {result.PromptTokensPerSecond:F0} tokens/s; "
                + $"{result.Ids.Count} tokens, {result.DecodeTokensPerSecond:F0} tokens/s; {result.StopReason.Id()}; seed {result.Seed}]"
        );

        void Show(in GenerationStep step)
        {
            progress.Dispose();
            said |= !step.Text.IsWhiteSpace();
            output.Write(step.Text);
        }
    }

    private void TellForgotten(int turns) =>
        Console.Error.WriteLine(
            $"The conversation outgrew the context of {session.ContextLength} tokens: its {turns} oldest turns are no longer read."
        );

    private static string Required(string path, string command) =>
        path.Length > 0 ? path : throw new InputException($"{command} needs the name of a file.");

    private static string Short(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= Excerpt ? line : $"{line[..Excerpt]}...";
    }

    private void Remark(string text)
    {
        if (interactive)
        {
            Console.Error.WriteLine(text);
        }
    }
}

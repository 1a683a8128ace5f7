using System.CommandLine;
using Puna.Cli.Terminal;
using Puna.Engine;

namespace Puna.Cli.Models;

/// <summary>The options that say what a model is to read, besides the free arguments.</summary>
internal sealed class PromptArguments
{
    private readonly Option<string?> _prompt = new("--prompt", "-p")
    {
        Description = "The prompt, in place of the argument.",
        HelpName = "TEXT",
    };

    private readonly Option<string?> _file = new("--file", "-f")
    {
        Description = "Read the prompt from a file.",
        HelpName = "FILE",
    };

    private readonly Option<string?> _ids = new("--ids")
    {
        Description = "Use exactly these token ids as the prompt.",
        HelpName = IdList.HelpName,
    };

    private readonly Option<bool> _raw = new("--raw")
    {
        Description = "Give the model the prompt alone, without its chat template.",
    };

    private readonly Option<string?> _system = new("--system")
    {
        Description = "System text of the chat template.",
        HelpName = "TEXT",
    };

    private readonly Option<bool> _special = Special();

    /// <summary>Adds the options to a command.</summary>
    public PromptArguments(Command command)
    {
        command.Options.Add(_prompt);
        command.Options.Add(_file);
        command.Options.Add(_ids);
        command.Options.Add(_raw);
        command.Options.Add(_system);
        command.Options.Add(_special);
    }

    /// <summary>The option --special.</summary>
    public static Option<bool> Special() =>
        new("--special")
        {
            Description =
                "Take special tokens that are spelt out in what you write (<|im_start|>) for themselves; without this they are text.",
        };

    /// <summary>What was asked for; reads the prompt's file, or standard input when nothing else has it.</summary>
    /// <param name="result">The parsed command line.</param>
    /// <param name="free">The free arguments that are no model.</param>
    /// <param name="template">Whether --chat-template was given.</param>
    /// <exception cref="InputException">There is no prompt or more than one, or what was given does not go together.</exception>
    public PromptRequest Read(ParseResult result, IReadOnlyList<string> free, bool template)
    {
        var ids = result.GetValue(_ids);
        var file = result.GetValue(_file);
        List<string> texts = [.. free];
        if (result.GetValue(_prompt) is { } prompt)
        {
            texts.Add(prompt);
        }

        RequireOne(texts.Count, file is not null, ids is not null);
        var request = new PromptRequest
        {
            Text =
                ids is not null ? null
                : file is not null ? TextFile.Read(file)
                : texts is ["-"] or [] ? StandardInput.Text()
                : Utf8Text.Argument(texts[0], "The prompt"),
            EndsLine = file is not null || texts is ["-"] or [],
            Ids = ids is null ? null : IdList.Read(ids),
            System = result.GetValue(_system) is { } text
                ? Utf8Text.Argument(text, "--system")
                : null,
            Raw = result.GetValue(_raw),
            Special = result.GetValue(_special),
        };
        request.Validate(template);
        return request;
    }

    private static void RequireOne(int texts, bool file, bool ids)
    {
        if (texts > 1)
        {
            throw new InputException(
                $"{texts} prompts were given; put the prompt in one argument, in quotation marks."
            );
        }

        if (texts + (file ? 1 : 0) + (ids ? 1 : 0) > 1)
        {
            throw new InputException(
                $"{(texts == 1 ? "A prompt" : "-f")} and {(ids ? "--ids" : "-f")} were given; choose one of them."
            );
        }

        if (texts == 0 && !file && !ids && !Console.IsInputRedirected)
        {
            throw new InputException(
                "No prompt was given; write it in quotation marks, '-' to type it up to Ctrl-D, or use 'puna chat'."
            );
        }
    }
}

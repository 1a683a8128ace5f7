using System.CommandLine;

namespace Puna.Cli.Terminal;

/// <summary>Says what was wrong with a command line, and which known name is nearest to an unknown one.</summary>
public static class ParseFailure
{
    /// <summary>One sentence for the first fault of <paramref name="result"/>.</summary>
    public static string Sentence(ParseResult result)
    {
        var command = result.CommandResult.Command;
        var path = Path(result);
        if (result.UnmatchedTokens.Count > 0)
        {
            var unknown = result.UnmatchedTokens[0];
            var known = unknown.StartsWith('-')
                ? Options(result)
                : [.. command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name)];
            var kind = unknown.StartsWith('-') ? "option" : "argument or command";
            return $"'{unknown}' is not a known {kind} of '{path}'{NearestNames.Hint(unknown, known)}; see '{path} --help'.";
        }

        var message = result.Errors[0].Message.TrimEnd('.');
        return $"{message}; see '{path} --help'.";
    }

    private static string Path(ParseResult result)
    {
        var names = new List<string>();
        for (var node = result.CommandResult; node is not null; node = node.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Insert(0, node.Command is RootCommand ? "puna" : node.Command.Name);
        }

        return string.Join(' ', names);
    }

    private static List<string> Options(ParseResult result)
    {
        var names = new List<string>();
        for (var node = result.CommandResult; node is not null; node = node.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.AddRange(node.Command.Options.SelectMany(option => option.Aliases.Append(option.Name)));
        }

        return names;
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;
using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>Says what was wrong with a command line, and which known name is nearest to an unknown one.</summary>
internal static class ParseFailure
{
    /// <summary>One sentence for the first fault of <paramref name="result"/>, or null when there is none.</summary>
    public static string? Sentence(ParseResult result)
    {
        var command = result.CommandResult.Command;
        var path = Path(result);
        if (UnknownOption(result) is { } option)
        {
            return $"'{option}' is not a known option of '{path}'{NearestName.Hint(option, Options(result))}; see '{path} --help'.";
        }

        if (result.Errors.Count == 0)
        {
            return null;
        }

        List<string> known =
        [
            .. command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name),
        ];
        if (known.Count > 0 && command.Action is null && result.UnmatchedTokens.Count == 0)
        {
            return $"'{path}' needs a command: {string.Join(", ", known)}; see '{path} --help'.";
        }

        if (result.UnmatchedTokens.Count > 0)
        {
            var unknown = result.UnmatchedTokens[0];
            return known.Count > 0
                ? $"'{unknown}' is not a command of '{path}'; known are {string.Join(", ", known)}{NearestName.Hint(unknown, known)}; see '{path} --help'."
                : $"'{unknown}' is one argument too many for '{path}'; put a text with blanks in quotation marks, and see '{path} --help'.";
        }

        return $"{Missing(result) ?? result.Errors[0].Message.TrimEnd('.')}; see '{path} --help'.";
    }

    // The parser's own sentences do not say which argument is missing.
    private static string? Missing(ParseResult result)
    {
        var command = result.CommandResult.Command;
        foreach (var child in result.CommandResult.Children)
        {
            if (
                child is OptionResult { Tokens.Count: 0, Implicit: false } option
                && option.Option.Arity.MinimumNumberOfValues > 0
            )
            {
                return $"{option.Option.Name} needs a value";
            }
        }

        return command
            .Arguments.Where(argument =>
                argument.Arity.MinimumNumberOfValues > 0
                && result.GetResult(argument) is not { Tokens.Count: > 0 }
            )
            .Select(argument => $"{argument.Name} is missing")
            .FirstOrDefault();
    }

    // The parser takes a mistyped option for an argument wherever one fits; only behind "--" may arguments look so.
    private static string? UnknownOption(ParseResult result)
    {
        var behind = result
            .Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash)
            .Select(token => token.Value)
            .ToHashSet();
        return result
            .CommandResult.Children.OfType<ArgumentResult>()
            .SelectMany(argument => argument.Tokens)
            .Select(token => token.Value)
            .Concat(result.UnmatchedTokens)
            .FirstOrDefault(value => LooksLikeOption(value) && !behind.Contains(value));
    }

    private static bool LooksLikeOption(string value) =>
        value.Length > 1
        && value[0] == '-'
        && (value[1] == '-' || char.IsAsciiLetter(value[1]))
        && !value.Any(char.IsWhiteSpace);

    private static string Path(ParseResult result)
    {
        var names = new List<string>();
        for (var node = result.CommandResult; node is not null; node = node.Parent as CommandResult)
        {
            names.Insert(0, node.Command is RootCommand ? "puna" : node.Command.Name);
        }

        return string.Join(' ', names);
    }

    private static List<string> Options(ParseResult result)
    {
        var names = new List<string>();
        for (var node = result.CommandResult; node is not null; node = node.Parent as CommandResult)
        {
            names.AddRange(
                node.Command.Options.SelectMany(option => option.Aliases.Append(option.Name))
            );
        }

        return names;
    }
}

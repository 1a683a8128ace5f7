using System.CommandLine;
using Puna.Cli.Terminal;
using Puna.Engine;

namespace Puna.Cli.Commands;

/// <summary><c>puna help</c>: the same as --help behind the command.</summary>
internal static class HelpCommand
{
    /// <summary>Makes the command.</summary>
    /// <param name="root">The tree that it explains.</param>
    public static Command Create(RootCommand root)
    {
        var names = new Argument<string[]>("COMMAND")
        {
            Description = "The command; all commands when this is left out.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new ExampleCommand(
            "help",
            "Explain a command.",
            Examples.Of("puna help", "puna help run", "puna help eval perplexity")
        )
        {
            names,
        };
        command.SetAction(result =>
        {
            var path = result.GetValue(names) ?? [];
            Require(root, path);
            return root.Parse([.. path, "--help"]).Invoke();
        });
        return command;
    }

    private static void Require(Command command, IEnumerable<string> path)
    {
        foreach (var name in path)
        {
            var known = command.Subcommands.Select(below => below.Name).ToList();
            command =
                command.Subcommands.FirstOrDefault(below => below.Name == name)
                ?? throw new InputException(
                    known.Count == 0
                        ? $"'{command.Name}' has no command '{name}' below it; see 'puna help {command.Name}'."
                        : $"'{name}' is not a command; known are {string.Join(", ", known)}{NearestName.Hint(name, known)}."
                );
        }
    }
}

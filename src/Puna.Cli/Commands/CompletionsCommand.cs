using System.CommandLine;
using Puna.Cli.Terminal;
using Puna.Engine;

namespace Puna.Cli.Commands;

/// <summary><c>puna completions</c>: a script with which a shell completes commands and options, asking puna itself.</summary>
internal static class CompletionsCommand
{
    // Where puna has nothing to add, the shell completes files. The directive [suggest:N] takes the line up to its N-th
    // character and is the parser's own.
    private const string Bash = """
        _puna() {
          local word line=$COMP_LINE point=$COMP_POINT
          word=${COMP_WORDS[COMP_CWORD]}
          mapfile -t COMPREPLY < <(compgen -W "$(puna "[suggest:$point]" "$line" 2>/dev/null)" -- "$word")
        }
        complete -o default -F _puna puna
        """;

    private const string Zsh = """
        #compdef puna
        _puna() {
          local -a found
          found=("${(@f)$(puna "[suggest:${#LBUFFER}]" "$LBUFFER" 2>/dev/null)}")
          found=(${found:#})
          if (( ${#found} )); then compadd -- $found; else _files; fi
        }
        compdef _puna puna
        """;

    private const string Fish = """
        complete -c puna -a '(puna "[suggest:"(string length -- (commandline -cp))"]" (commandline -cp) 2>/dev/null)'
        """;

    private static readonly Dictionary<string, string> s_scripts = new(StringComparer.Ordinal)
    {
        ["bash"] = Bash,
        ["zsh"] = Zsh,
        ["fish"] = Fish,
    };

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        var command = new ExampleCommand(
            "completions",
            "Print a script with which bash, zsh or fish completes what is typed.",
            Examples.Of(
                "puna completions bash >> ~/.bashrc",
                "puna completions zsh >> ~/.zshrc    (behind the line with compinit)",
                "puna completions fish > ~/.config/fish/completions/puna.fish"
            )
        )
        {
            shell,
        };
        command.SetAction(result =>
        {
            var name = result.GetValue(shell)!;
            Console.Out.WriteLine(
                s_scripts.TryGetValue(name, out var script)
                    ? script
                    : throw new InputException(
                        $"'{name}' is not a known shell; known are {string.Join(", ", s_scripts.Keys)}{NearestName.Hint(name, s_scripts.Keys)}."
                    )
            );
            return ExitCode.Done;
        });
        return command;
    }
}

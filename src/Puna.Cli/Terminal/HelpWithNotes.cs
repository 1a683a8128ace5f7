using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Puna.Cli.Terminal;

/// <summary>The parser's help, then the notes of the command.</summary>
/// <param name="help">The parser's own.</param>
/// <param name="rootNotes">Notes of the root command.</param>
internal sealed class HelpWithNotes(HelpAction help, string rootNotes)
    : SynchronousCommandLineAction
{
    /// <summary>Help may be asked for beside anything, however wrong.</summary>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        (parseResult.CommandResult.Command as ExampleCommand)?.BeforeHelp?.Invoke();
        var code = help.Invoke(parseResult);
        var notes = parseResult.CommandResult.Command switch
        {
            RootCommand => rootNotes,
            ExampleCommand command => command.Notes,
            _ => null,
        };
        if (notes is not null)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(notes);
        }

        return code;
    }
}

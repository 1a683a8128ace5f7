using System.CommandLine;

namespace Puna.Cli.Terminal;

/// <summary>A command whose help ends with examples; lists of commands show its description alone.</summary>
/// <param name="name">What is typed.</param>
/// <param name="description">One or two sentences.</param>
/// <param name="notes">What stands below the options: examples, and what else a user should know.</param>
internal sealed class ExampleCommand(string name, string description, string notes)
    : Command(name, description)
{
    /// <summary>What stands below the options.</summary>
    public string Notes { get; } = notes;

    /// <summary>Completes descriptions whose making takes time that no other command should wait; null = nothing to do.</summary>
    public Action? BeforeHelp { get; set; }
}

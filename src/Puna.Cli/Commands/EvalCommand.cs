using System.CommandLine;

namespace Puna.Cli.Commands;

/// <summary><c>puna eval</c>: the measures of quality.</summary>
public static class EvalCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create() =>
        new("eval", "Measure the quality of a model.")
        {
            EvalPerplexityCommand.Create(),
            EvalLogitsCommand.Create(),
        };
}

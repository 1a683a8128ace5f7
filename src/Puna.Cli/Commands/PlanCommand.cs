using System.CommandLine;
using Puna.Cli.Terminal;

namespace Puna.Cli.Commands;

/// <summary><c>puna plan</c>: the layer plan of a model.</summary>
internal static class PlanCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create() =>
        new ExampleCommand(
            "plan",
            "Look at the layer plan of a model: what it computes and what that costs.",
            Examples.Of("puna plan cost model.gguf --ctx 4096")
        )
        {
            PlanCostCommand.Create(),
        };
}

using System.CommandLine;
using Puna.Cli.Terminal;

namespace Puna.Cli.Commands;

/// <summary><c>puna template</c>: chat templates.</summary>
internal static class TemplateCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create() =>
        new ExampleCommand(
            "template",
            "Work with chat templates.",
            Examples.Of("puna template render model.gguf messages.json")
        )
        {
            TemplateRenderCommand.Create(),
        };
}

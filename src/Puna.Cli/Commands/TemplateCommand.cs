using System.CommandLine;

namespace Puna.Cli.Commands;

/// <summary><c>puna template</c>: chat templates.</summary>
public static class TemplateCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create() =>
        new("template", "Work with chat templates.") { TemplateRenderCommand.Create() };
}

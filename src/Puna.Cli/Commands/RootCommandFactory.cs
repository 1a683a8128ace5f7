using System.CommandLine;

namespace Puna.Cli.Commands;

/// <summary>The tree of commands.</summary>
public static class RootCommandFactory
{
    /// <summary>Makes the root command with everything below it.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Puna runs, inspects, converts and measures LLaMA-family language models on your own processor."
                + Examples.Of(
                    "puna chat",
                    "puna run \"Why is the sky blue?\"",
                    "puna run model.gguf \"Once upon a time\" -n 100 --temp 0",
                    "puna inspect model.gguf",
                    "puna convert model/ model.gguf --format q4_0"
                )
        );
        root.Subcommands.Add(RunCommand.Create());
        root.Subcommands.Add(ChatCommand.Create());
        root.Subcommands.Add(InspectCommand.Create());
        root.Subcommands.Add(PlanCommand.Create());
        root.Subcommands.Add(TokenizeCommand.Create());
        root.Subcommands.Add(TemplateCommand.Create());
        root.Subcommands.Add(ConvertCommand.Create());
        root.Subcommands.Add(NewCommand.Create());
        root.Subcommands.Add(EvalCommand.Create());
        return root;
    }
}

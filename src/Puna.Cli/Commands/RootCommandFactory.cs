using System.CommandLine;
using System.CommandLine.Help;
using Puna.Cli.Terminal;

namespace Puna.Cli.Commands;

/// <summary>The tree of commands.</summary>
internal static class RootCommandFactory
{
    /// <summary>Makes the root command with everything below it.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand(
            "Puna runs, inspects, converts and measures LLaMA-family language models on your own processor."
        );
        var notes =
            Examples.Of(
                "puna chat",
                "puna run \"Why is the sky blue?\"",
                "puna run model.gguf \"Once upon a time\" -n 100 --temp 0",
                "puna inspect model.gguf",
                "puna convert model/ model.gguf --format q4_0"
            )
            + $"{Environment.NewLine}{Environment.NewLine}'puna COMMAND --help' tells more about a command."
            + $"{Environment.NewLine}Exit codes: 0 done, 1 bad input, 2 a fault of puna, 130 interrupted.";
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithNotes((HelpAction)help.Action!, notes);
        root.Subcommands.Add(RunCommand.Create());
        root.Subcommands.Add(ChatCommand.Create());
        root.Subcommands.Add(InspectCommand.Create());
        root.Subcommands.Add(PlanCommand.Create());
        root.Subcommands.Add(TokenizeCommand.Create());
        root.Subcommands.Add(TemplateCommand.Create());
        root.Subcommands.Add(ConvertCommand.Create());
        root.Subcommands.Add(NewCommand.Create());
        root.Subcommands.Add(EvalCommand.Create());
        root.Subcommands.Add(BenchCommand.Create());
        root.Subcommands.Add(CompletionsCommand.Create());
        root.Subcommands.Add(HelpCommand.Create(root));
        ValueRules.Apply(root);
        return root;
    }
}

using System.CommandLine;
using Puna.Cli.Terminal;

namespace Puna.Cli.Commands;

/// <summary><c>puna eval</c>: the measures of quality.</summary>
internal static class EvalCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create() =>
        new ExampleCommand(
            "eval",
            "Measure the quality of a model.",
            Examples.Of(
                "puna eval perplexity model.gguf wiki.test.txt --ctx 512",
                "puna eval logits model.gguf story.txt --out logits.safetensors"
            )
        )
        {
            EvalPerplexityCommand.Create(),
            EvalLogitsCommand.Create(),
        };
}

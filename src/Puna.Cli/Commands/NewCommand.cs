using System.CommandLine;
using Puna.Cli.Terminal;
using Puna.Engine.Files;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;
using Puna.Kernels.Threads;

namespace Puna.Cli.Commands;

/// <summary><c>puna new</c>: random weights in a well-known shape.</summary>
internal static class NewCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var shape = new Argument<string>("SHAPE");
        var output = new Argument<string>("OUT")
        {
            Description = "A .gguf (any format), or a .safetensors or a folder (f32, f16, bf16).",
        };
        var format = new Option<string>("--format")
        {
            HelpName = "FORMAT",
            DefaultValueFactory = _ => "f16",
        };
        var seed = new Option<ulong>("--seed")
        {
            Description = "Seed of the weights (default: 0).",
            HelpName = "S",
        };
        var force = new Option<bool>("--force")
        {
            Description =
                "Replace a model of another family or what is no model under the name OUT; in a folder, remove what is left of the old model.",
        };
        var command = new ExampleCommand(
            "new",
            "Make a model of random weights in a preset shape, to measure speed without a download.",
            Examples.Of(
                "puna new tinyllama-1.1b tiny-q4_0.gguf --format q4_0",
                "puna new smollm2-135m random/ --format bf16 --seed 7"
            )
        )
        {
            shape,
            output,
            format,
            seed,
            force,
        };
        command.BeforeHelp = () =>
        {
            shape.Description = $"The shape: {string.Join(", ", ModelShapes.All.Keys)}.";
            format.Description =
                $"Format of the matrices: {string.Join(", ", WeightFormats.All.Select(known => known.Id))}.";
        };
        command.SetAction(
            (result, cancellation) =>
            {
                var chosen = OutputFormats.Parse(result.GetValue(format)!, WeightFormats.All);
                using var pool = new WorkerPool(Environment.ProcessorCount);
                using var progress = new TaskProgress("writing");
                var summary = ModelCreator.Create(
                    result.GetValue(shape)!,
                    result.GetValue(output)!,
                    chosen,
                    result.GetValue(seed),
                    pool,
                    progress,
                    result.GetValue(force),
                    cancellation
                );
                progress.Dispose();
                ConversionOutput.Write(summary);
                return Task.FromResult(ExitCode.Done);
            }
        );
        return command;
    }
}

using System.CommandLine;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine.Files;
using Puna.Kernels.Formats;
using Puna.Kernels.Threads;

namespace Puna.Cli.Commands;

/// <summary><c>puna convert</c>: a model in another form or format.</summary>
internal static class ConvertCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var input = new Argument<string>("IN") { Description = "A model in any readable form." };
        var output = new Argument<string>("OUT")
        {
            Description =
                "A .gguf, a .safetensors (its config.json is written beside it) or a folder.",
        };
        var format = new Option<string?>("--format") { HelpName = "FORMAT" };
        var tokenizer = new Option<string?>("--tokenizer")
        {
            Description =
                "A file or folder whose tokenizer, and chat template if it has one, the model gets instead of its own.",
            HelpName = "FILE",
        };
        var threads = new Option<int?>("--threads", "-t")
        {
            Description = "Threads (default: the processor's).",
            HelpName = "N",
        };
        var force = new Option<bool>("--force")
        {
            Description =
                "Replace a model of another family or what is no model under the name OUT; in a folder, remove what is left of the old model.",
        };
        var command = new ExampleCommand(
            "convert",
            "Rewrite a model in another form or format. The old file is replaced only when the new one is complete.",
            Examples.Of(
                "puna convert model/ model.gguf --format q4_0",
                "puna convert model.gguf model-f16/ --format f16",
                "puna convert stories.bin stories.safetensors",
                "puna convert weights/ model.gguf --tokenizer tokenizer.model"
            )
        )
        {
            input,
            output,
            format,
            tokenizer,
            threads,
            force,
        };
        command.BeforeHelp = () =>
            format.Description =
                $"Format of the matrices: {string.Join(", ", OutputFormats.Encodable.Select(known => known.Id))} (default: as they are).";
        command.SetAction(
            (result, cancellation) =>
            {
                var asked = result.GetValue(format) is { } id
                    ? OutputFormats.Parse(id, OutputFormats.Encodable)
                    : (WeightFormat?)null;
                var count =
                    ModelOptions.Range("--threads", result.GetValue(threads), 1, 1024)
                    ?? Environment.ProcessorCount;
                using var file = ModelFiles.Open(ModelArguments.Existing(result.GetValue(input)!));
                using var pool = new WorkerPool(count);
                using var progress = new TaskProgress("converting");
                var summary = ModelConverter.Convert(
                    file,
                    result.GetValue(output)!,
                    asked,
                    pool,
                    progress,
                    result.GetValue(tokenizer) is { } other
                        ? ModelFiles.LoadTokenizer(other)
                        : null,
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

using System.CommandLine;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine;
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
        var pure = new Option<bool>("--pure")
        {
            Description =
                "Give embedding and output head the format too; else those of a 4-bit or smaller file are q6_k or q8_0.",
        };
        var rules = new Option<string[]>("--tensor-type")
        {
            Description =
                "Format of the matrices whose name matches, such as '*ffn_down*=q6_k' (repeatable, the first match wins).",
            HelpName = "PATTERN=FORMAT",
        };
        var dryRun = new Option<bool>("--dry-run")
        {
            Description = "Write nothing; list format and bytes of each tensor.",
        };
        var json = new Option<bool>("--json")
        {
            Description = "With --dry-run: the list as one JSON object.",
        };
        var command = new ExampleCommand(
            "convert",
            "Rewrite a model in another form or format. The old file is replaced only when the new one is complete.",
            Examples.Of(
                "puna convert model/ model.gguf --format q4_0",
                "puna convert model/ model.gguf --format q4_k --tensor-type '*ffn_down*=q6_k' --dry-run",
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
            pure,
            rules,
            dryRun,
            json,
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
                var other = result.GetValue(tokenizer);
                var options = new ConversionOptions
                {
                    Formats = new FormatChoice(
                        asked,
                        result.GetValue(pure),
                        [.. (result.GetValue(rules) ?? []).Select(TensorFormatRule.Parse)]
                    ),
                    Tokenizer = other is null ? null : ModelFiles.LoadTokenizer(other),
                    Inputs = other is null ? [] : ModelFolder.Inputs(other),
                    Force = result.GetValue(force),
                };
                if (result.GetValue(dryRun))
                {
                    ConversionOutput.WritePreview(
                        ModelConverter.Preview(file, result.GetValue(output)!, options),
                        result.GetValue(json)
                    );
                    return Task.FromResult(ExitCode.Done);
                }

                if (result.GetValue(json))
                {
                    throw new InputException("--json of convert belongs to --dry-run; give both.");
                }

                using var pool = new WorkerPool(count);
                using var progress = new TaskProgress("converting");
                var summary = ModelConverter.Convert(
                    file,
                    result.GetValue(output)!,
                    options,
                    pool,
                    progress,
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

using System.CommandLine;
using System.Text.Json;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Measurement;
using Puna.Engine.Runtime;
using Puna.Kernels.Limits;

namespace Puna.Cli.Commands;

/// <summary><c>puna bench</c>: how fast a model runs here, and how near to the limits of the machine.</summary>
internal static class BenchCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var model = new Argument<string?>("MODEL")
        {
            Description = "The model; the default one when this is left out.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var prompt = Numbers("-p", "--prompt", "512", "Lengths of prompts to read; 0 for none");
        var decode = Numbers("-n", "--tokens", "128", "Numbers of tokens to decode; 0 for none");
        var batch = Numbers("-b", "--batch", "1", "Numbers of sequences to decode together");
        var depth = Numbers(
            "--depth",
            "-d",
            "0",
            "Tokens that each sequence's cache already holds"
        );
        var repeat = Repeat();
        var noLimits = new Option<bool>("--no-limits")
        {
            Description =
                "Do not measure the machine, which takes some seconds: the rows then have no share of its limits.",
        };
        var profile = new Option<bool>("--profile")
        {
            Description = "Also tell where the time of a pass goes, stage by stage.",
        };
        var json = new Option<bool>("--json")
        {
            Description = "Print one JSON object with the machine, its limits and the rows.",
        };
        var command = new ExampleCommand(
            "bench",
            "Measure how fast a model reads prompts (pp) and decodes (tg), and the machine's limits.",
            Examples.Of(
                "puna bench",
                "puna bench model.gguf -p 512 -n 128 -b 1,2,4,8,16",
                "puna bench --profile -p 0 -n 64 --no-limits",
                "puna bench kernels --filter gemv",
                "puna bench model.gguf -p 0 -n 64 --depth 0,4096,8192 --kv-format int8 --repeat 3 --json"
            )
        )
        {
            model,
            prompt,
            decode,
            batch,
            depth,
            repeat,
            noLimits,
            profile,
            json,
        };
        command.Subcommands.Add(BenchKernelsCommand.Create());
        var modelOptions = new ModelOptions(command);
        command.SetAction(
            (result, cancellation) =>
            {
                var options = new BenchOptions
                {
                    PromptTokens = Some(prompt, result),
                    DecodeTokens = Some(decode, result),
                    Batches = NumberList.Parse(batch.Name, result.GetValue(batch)!),
                    Depths = NumberList.Parse(depth.Name, result.GetValue(depth)!),
                    Repeats = result.GetValue(repeat),
                    Profile = result.GetValue(profile),
                };
                if (options.PromptTokens.Count + options.DecodeTokens.Count == 0)
                {
                    throw new InputException(
                        "-p 0 and -n 0 leave nothing to measure; give one of them a number of tokens."
                    );
                }

                using var engine = ModelLoading.Load(
                    ModelPath(modelOptions.Named(result), result.GetValue(model), command),
                    modelOptions.Read(result),
                    cancellation
                );
                var (limits, rows) = Measure(
                    engine,
                    options,
                    result.GetValue(noLimits),
                    cancellation
                );
                if (result.GetValue(json))
                {
                    WriteJson(engine, limits, rows);
                }
                else
                {
                    WriteTable(engine, limits, rows);
                }

                return Task.FromResult(ExitCode.Done);
            }
        );
        return command;
    }

    /// <summary>The option for the number of timed repetitions.</summary>
    internal static Option<int> Repeat() =>
        new("--repeat", "-r")
        {
            Description = "Timed repetitions; the median and the spread are reported.",
            HelpName = "N",
            DefaultValueFactory = _ => 5,
        };

    private static Option<string> Numbers(
        string name,
        string alias,
        string standard,
        string description
    ) =>
        new(name, alias)
        {
            Description = $"{description}.",
            HelpName = "N,N,...",
            DefaultValueFactory = _ => standard,
        };

    private static List<int> Some(Option<string> option, ParseResult result) =>
        [.. NumberList.Parse(option.Name, result.GetValue(option)!).Where(number => number != 0)];

    private static string? ModelPath(string? named, string? given, Command command)
    {
        var kinds = command.Subcommands.Select(sub => sub.Name);
        return given is not null && !Path.Exists(given) && NearestName.Of(given, kinds) is { } kind
            ? throw new InputException(
                $"There is no model at '{given}' and no such kind of bench (the nearest is {kind})."
            )
            : ModelArguments.Single(named, given);
    }

    private static (MachineLimits Limits, List<BenchRow> Rows) Measure(
        InferenceEngine engine,
        BenchOptions options,
        bool noLimits,
        CancellationToken cancellation
    )
    {
        using var probe = noLimits ? null : new LimitProbe(engine.Pool);
        using var bench = new ModelBench(
            engine,
            options,
            probe is null ? null : probe.ReadBandwidth
        );
        using var progress = new TaskProgress("measuring");
        progress.Report(0, "the machine");
        var before = probe?.Measure();
        var rows = bench.Run(new BenchShare(progress), cancellation).ToList();

        // Other work on the machine comes and goes within minutes: the limits are taken at both ends.
        var limits = before is null
            ? MachineLimits.Unmeasured(engine.Pool.Threads)
            : before.OrBetter(probe!.Measure());
        return (limits, rows);
    }

    private static string Id(BenchTest test) => test == BenchTest.Prompt ? "pp" : "tg";

    private static string Limit(BenchTest test) =>
        test == BenchTest.Prompt ? "f32 multiply-add" : "memory read";

    private static void WriteJson(
        InferenceEngine engine,
        MachineLimits limits,
        List<BenchRow> rows
    ) =>
        JsonOutput.Write(writer =>
        {
            MachineOutput.Write(writer, limits);
            writer.WriteStartObject("model");
            writer.WriteString("path", engine.Model.Path);
            writer.WriteNumber("weight_bytes", engine.Model.Weights.Bytes);
            writer.WriteString(
                "activations",
                engine.Options.Activations.ToString().ToLowerInvariant()
            );
            writer.WriteString("kv_format", engine.Options.KeyFormat.Id);
            writer.WriteEndObject();
            writer.WriteStartArray("rows");
            foreach (var row in rows)
            {
                WriteRow(writer, row, limits);
            }

            writer.WriteEndArray();
        });

    private static void WriteRow(Utf8JsonWriter writer, BenchRow row, MachineLimits limits)
    {
        writer.WriteStartObject();
        writer.WriteString("test", Id(row.Test));
        writer.WriteNumber("tokens", row.Tokens);
        writer.WriteNumber("batch", row.Batch);
        writer.WriteNumber("depth", row.Depth);
        writer.WriteNumber("tokens_per_second", row.TokensPerSecond);
        writer.WriteNumber("spread", row.Rate.Spread);
        writer.WriteNumber("bytes_per_second", row.BytesPerSecond);
        writer.WriteNumber("flops", row.OperationsPerSecond);
        writer.WriteString("limit", Limit(row.Test));
        if (row.ShareOfLimit(limits) is { } share)
        {
            writer.WriteNumber("share_of_limit", share);
        }
        else
        {
            writer.WriteNull("share_of_limit");
        }

        MachineOutput.WriteSamples(writer, "samples", row.Rate.Samples);
        MachineOutput.WriteSamples(writer, "read_bytes_per_second", row.ReadBandwidths);
        if (row.Stages.Count > 0)
        {
            writer.WriteStartObject("stage_microseconds");
            foreach (var stage in row.Stages)
            {
                writer.WriteNumber(stage.Stage, stage.Microseconds);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteTable(
        InferenceEngine engine,
        MachineLimits limits,
        List<BenchRow> rows
    )
    {
        MachineOutput.WriteText(limits);
        Console.Out.WriteLine(
            $"{System.IO.Path.GetFileName(engine.Model.Path)}, weights {Sizes.Bytes(engine.Model.Weights.Bytes)}, "
                + $"activations {engine.Options.Activations.ToString().ToLowerInvariant()}, "
                + $"keys and values {engine.Options.KeyFormat.Id}"
        );
        TableOutput.Write(
            ["test", "depth", "batch", "tokens/s", "spread", "GB/s", "GFLOP/s", "of the limit"],
            rows.Select(row =>
                (IReadOnlyList<string>)
                    [
                        $"{Id(row.Test)} {row.Tokens}",
                        $"{row.Depth}",
                        $"{row.Batch}",
                        $"{row.TokensPerSecond:F1}",
                        $"{row.Rate.Spread:P1}",
                        $"{row.BytesPerSecond / 1e9:F1}",
                        $"{row.OperationsPerSecond / 1e9:F1}",
                        row.ShareOfLimit(limits) is { } share
                            ? $"{share:P0} of {Limit(row.Test)}"
                            : "",
                    ]
            )
        );
        foreach (var row in rows.Where(row => row.Stages.Count > 0))
        {
            Console.Out.WriteLine();
            TableOutput.Write(
                [$"{Id(row.Test)} {row.Tokens} x {row.Batch} at {row.Depth}", "µs a pass", "share"],
                row.Stages.Select(stage =>
                    (IReadOnlyList<string>)
                        [stage.Stage, $"{stage.Microseconds:F1}", $"{stage.Share:P1}"]
                )
            );
        }
    }
}

using System.CommandLine;
using System.Text.Json;
using Puna.Cli.Models;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Measurement;
using Puna.Kernels.Cases;
using Puna.Kernels.Limits;
using Puna.Kernels.Threads;

namespace Puna.Cli.Commands;

/// <summary><c>puna bench kernels</c>: every kernel beside the floor that the machine's limits set for it.</summary>
internal static class BenchKernelsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var filter = new Option<string>("--filter", "-f")
        {
            Description = "Measure only kernels in whose names a word begins with each of these.",
            HelpName = "NAME",
            DefaultValueFactory = _ => "",
        };
        var threads = new Option<int?>("--threads", "-t")
        {
            Description = "Threads (default: the processor's).",
            HelpName = "N",
        };
        var repeat = BenchCommand.Repeat();
        var list = new Option<bool>("--list")
        {
            Description = "Print the names of the kernels and measure nothing.",
        };
        var json = new Option<bool>("--json")
        {
            Description = "Print one JSON object with the machine, its limits and the rows.",
        };
        var command = new ExampleCommand(
            "kernels",
            "Measure each kernel: its time, its rate, and its share of the floor that the machine's limits set.",
            Examples.Of(
                "puna bench kernels",
                "puna bench kernels --filter \"gemv q4_0\" --repeat 9",
                "puna bench kernels --filter attention --json"
            )
        )
        {
            filter,
            threads,
            repeat,
            list,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
            {
                var cases = Cases(result.GetValue(filter)!);
                if (result.GetValue(list))
                {
                    foreach (var kernel in cases)
                    {
                        Console.Out.WriteLine(kernel.Name);
                    }

                    return Task.FromResult(ExitCode.Done);
                }

                using var pool = new WorkerPool(
                    ModelOptions.Range("--threads", result.GetValue(threads), 1, 1024)
                        ?? Environment.ProcessorCount
                );
                using var progress = new TaskProgress("measuring");
                progress.Report(0, "the machine");
                using var probe = new LimitProbe(pool);
                var bench = new KernelBench(pool, result.GetValue(repeat), probe.ReadBandwidth);
                var before = probe.Measure();
                var measured = bench.Run(cases, new BenchShare(progress), cancellation).ToList();
                var limits = before.OrBetter(probe.Measure());
                progress.Dispose();
                if (result.GetValue(json))
                {
                    WriteJson(limits, measured);
                }
                else
                {
                    WriteTable(limits, measured);
                }

                return Task.FromResult(ExitCode.Done);
            }
        );
        return command;
    }

    private static IReadOnlyList<IKernelCase> Cases(string filter)
    {
        var cases = KernelCatalogue.Named(filter);
        if (cases.Count > 0)
        {
            return cases;
        }

        var words = KernelCatalogue
            .All.SelectMany(kernel => kernel.Name.Split(' '))
            .Distinct(StringComparer.Ordinal);
        throw new InputException(
            $"No kernel is named '{filter}'{NearestName.Hint(filter, words)}; 'puna bench kernels --list' prints all names."
        );
    }

    private static void WriteJson(MachineLimits limits, List<KernelRow> rows) =>
        JsonOutput.Write(writer =>
        {
            MachineOutput.Write(writer, limits);
            writer.WriteStartArray("rows");
            foreach (var row in rows)
            {
                WriteRow(writer, row, limits);
            }

            writer.WriteEndArray();
        });

    private static void WriteRow(Utf8JsonWriter writer, KernelRow row, MachineLimits limits)
    {
        writer.WriteStartObject();
        writer.WriteString("kernel", row.Kernel.Name);
        writer.WriteNumber("seconds", row.Seconds.Median);
        writer.WriteNumber("spread", row.Seconds.Spread);
        writer.WriteNumber("operations_per_second", row.OperationsPerSecond);
        writer.WriteNumber("bytes_per_second", row.BytesPerSecond);
        writer.WriteNumber("floor_seconds", row.Floor(limits));
        writer.WriteString("limit", row.Limit(limits));
        writer.WriteNumber("share_of_floor", row.ShareOfFloor(limits));
        MachineOutput.WriteSamples(writer, "samples", row.Seconds.Samples);
        writer.WriteEndObject();
    }

    private static void WriteTable(MachineLimits limits, List<KernelRow> rows)
    {
        MachineOutput.WriteText(limits);
        TableOutput.Write(
            ["kernel", "µs", "spread", "G op/s", "GB/s", "floor µs", "of the floor"],
            rows.Select(row =>
                (IReadOnlyList<string>)
                    [
                        row.Kernel.Name,
                        $"{row.Seconds.Median * 1e6:F1}",
                        $"{row.Seconds.Spread:P1}",
                        row.Kernel.Work.Operations > 0 ? $"{row.OperationsPerSecond / 1e9:F1}" : "",
                        $"{row.BytesPerSecond / 1e9:F1}",
                        $"{row.Floor(limits) * 1e6:F1}",
                        $"{row.ShareOfFloor(limits):P0} of {row.Limit(limits)}",
                    ]
            )
        );
    }
}

using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Puna.Kernels.Limits;

namespace Puna.Cli.Terminal;

/// <summary>The machine that a measurement was made on: as the member <c>machine</c> and as lines of text.</summary>
internal static class MachineOutput
{
    /// <summary>Writes the member <c>machine</c>.</summary>
    public static void Write(Utf8JsonWriter writer, MachineLimits limits)
    {
        writer.WriteStartObject("machine");
        writer.WriteString("processor", limits.Processor);
        writer.WriteString("level", limits.Level.ToString().ToLowerInvariant());
        writer.WriteNumber("threads", limits.Threads);
        WriteLimit(writer, "read_bytes_per_second", limits.ReadBandwidth);
        WriteLimit(writer, "read_bytes_per_second_one_thread", limits.ReadBandwidthOneThread);
        WriteLimit(writer, "cache_bytes_per_second", limits.CacheBandwidth);
        WriteLimit(writer, "cache_bytes_per_second_one_thread", limits.CacheBandwidthOneThread);
        WriteLimit(writer, "fma_flops", limits.MultiplyAddPeak);
        WriteLimit(writer, "fma_flops_one_thread", limits.MultiplyAddPeakOneThread);
        WriteLimit(writer, "int8_operations_per_second", limits.Int8Peak);
        WriteLimit(writer, "int8_operations_per_second_one_thread", limits.Int8PeakOneThread);
        writer.WriteString("runtime", RuntimeInformation.FrameworkDescription);
        writer.WriteString("system", RuntimeInformation.OSDescription);
        writer.WriteString("version", Version);
        writer.WriteString("commit", Commit);
        writer.WriteEndObject();
    }

    /// <summary>Writes a member that is an array of samples.</summary>
    public static void WriteSamples(
        Utf8JsonWriter writer,
        string name,
        IReadOnlyList<double> samples
    )
    {
        writer.WriteStartArray(name);
        foreach (var sample in samples)
        {
            writer.WriteNumberValue(sample);
        }

        writer.WriteEndArray();
    }

    /// <summary>Writes the machine and, where they were measured, its limits to stdout.</summary>
    public static void WriteText(MachineLimits limits)
    {
        Console.Out.WriteLine(
            $"{limits.Processor}, {limits.Level.ToString().ToLowerInvariant()}, {limits.Threads} threads, {RuntimeInformation.FrameworkDescription}"
        );
        if (limits.ReadBandwidth == 0)
        {
            return;
        }

        Console.Out.WriteLine(
            $"limits with 1 / {limits.Threads} threads: memory read {Pair(limits.ReadBandwidthOneThread, limits.ReadBandwidth, "GB/s")}, "
                + $"cache read {Pair(limits.CacheBandwidthOneThread, limits.CacheBandwidth, "GB/s")}, "
                + $"f32 multiply-add {Pair(limits.MultiplyAddPeakOneThread, limits.MultiplyAddPeak, "GFLOP/s")}, "
                + $"int8 {Pair(limits.Int8PeakOneThread, limits.Int8Peak, "GOP/s")}"
        );
    }

    // The compiler puts the commit behind the version: 0.1.0+0e8d50e....
    private static string[] Parts { get; } =
        (
            typeof(MachineOutput)
                .Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
                ?.InformationalVersion
            ?? ""
        ).Split('+', 2);

    private static string Version => Parts[0];

    private static string? Commit => Parts.Length > 1 ? Parts[1] : null;

    private static void WriteLimit(Utf8JsonWriter writer, string name, double limit)
    {
        if (limit > 0)
        {
            writer.WriteNumber(name, limit);
        }
        else
        {
            writer.WriteNull(name);
        }
    }

    private static string Pair(double one, double all, string unit) =>
        $"{one / 1e9:F1} / {all / 1e9:F1} {unit}";
}

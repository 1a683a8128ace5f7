using System.Text.Json;
using Puna.Engine;
using Puna.Engine.Files;

namespace Puna.Cli.Terminal;

/// <summary>Says what was written.</summary>
internal static class ConversionOutput
{
    /// <summary>Files and formats on stdout; what was stored otherwise than asked, and remarks, too.</summary>
    public static void Write(ConversionSummary summary)
    {
        var output = Console.Out;
        output.WriteLine(
            $"{string.Join(", ", summary.Files.Select(PrintableText.Escape))}: {Sizes.Bytes(summary.Bytes)}, {summary.Tensors.Count} tensors"
        );
        foreach (
            var group in summary
                .Tensors.GroupBy(tensor => tensor.Format)
                .OrderByDescending(group => group.Count())
        )
        {
            output.WriteLine($"  {group.Count(), 5} {group.Key.Id}");
        }

        WriteRemarks(output, summary);
    }

    /// <summary>What would be written: a line for each tensor, or the JSON object of <c>--dry-run</c>.</summary>
    public static void WritePreview(ConversionSummary summary, bool json)
    {
        if (json)
        {
            JsonOutput.Write(writer => WriteTensors(writer, summary));
            return;
        }

        foreach (var tensor in summary.Tensors)
        {
            Console.Out.WriteLine(
                $"{PrintableText.Escape(tensor.Name)}  {tensor.Format.Id}  {tensor.Bytes}"
            );
        }

        Console.Out.WriteLine(
            $"{Sizes.Bytes(summary.Bytes)} in {summary.Tensors.Count} tensors; nothing was written"
        );
        WriteRemarks(Console.Out, summary);
    }

    private static void WriteTensors(Utf8JsonWriter writer, ConversionSummary summary)
    {
        writer.WriteStartArray("tensors");
        foreach (var tensor in summary.Tensors)
        {
            writer.WriteStartObject();
            writer.WriteString("name", tensor.Name);
            writer.WriteString("format", tensor.Format.Id);
            writer.WriteNumber("bytes", tensor.Bytes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("bytes", summary.Bytes);
    }

    private static void WriteRemarks(TextWriter output, ConversionSummary summary)
    {
        foreach (var group in summary.StoredOtherwise.GroupBy(tensor => tensor.Value))
        {
            output.WriteLine(
                $"stored as {group.Key.Id}, since the asked format does not divide their rows: {string.Join(", ", Patterns(group.Select(tensor => PrintableText.Escape(tensor.Key))))}"
            );
        }

        foreach (var remark in summary.Remarks)
        {
            output.WriteLine(remark);
        }
    }

    /// <summary>Names with * for the number of the layer, each with how many there are.</summary>
    private static IEnumerable<string> Patterns(IEnumerable<string> names) =>
        names
            .GroupBy(name =>
                string.Join(
                    '.',
                    name.Split('.').Select(part => part.All(char.IsAsciiDigit) ? "*" : part)
                )
            )
            .Select(group => group.Count() == 1 ? group.First() : $"{group.Key} ({group.Count()})");
}

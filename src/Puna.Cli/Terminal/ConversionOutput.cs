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
                .Tensors.GroupBy(tensor => tensor.Value)
                .OrderByDescending(group => group.Count())
        )
        {
            output.WriteLine($"  {group.Count(), 5} {group.Key.Id}");
        }

        foreach (var group in summary.StoredOtherwise.GroupBy(tensor => tensor.Value))
        {
            output.WriteLine(
                $"stored as {group.Key.Id}, since the asked format does not divide their rows: {string.Join(", ", group.Select(tensor => PrintableText.Escape(tensor.Key)))}"
            );
        }

        foreach (var remark in summary.Remarks)
        {
            output.WriteLine(remark);
        }
    }
}

using System.Globalization;
using System.Text;

namespace Puna.SideBySide;

/// <summary>A result as a table in Markdown, and in the readme between two comments.</summary>
public static class ResultTable
{
    private const string Begin = "<!-- side-by-side: begin -->";
    private const string End = "<!-- side-by-side: end -->";

    /// <summary>The paragraph about the machine and the table.</summary>
    public static string Markdown(Result result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{result.Processor}, {result.Level}, {result.Machine.GetProperty("threads")} threads, {result.Text("runtime")}, {result.Date}"
        );
        if (
            result.Limit("read_bytes_per_second") is { } read
            && result.Limit("fma_flops") is { } flops
        )
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"; limits in the same run: memory read {read / 1e9:F0} GB/s, FMA {flops / 1e9:F0} GFLOP/s"
            );
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $". {Rounds(result)}; tokens a second unless a unit is given"
        );
        text.Append(result.LlamaCommit is { } commit ? $"; llama.cpp {commit}" : "");
        text.Append(result.LlamaBuild is { } build ? $" ({build} build).\n\n" : ".\n\n");
        text.Append("| | Puna | llama.cpp | value | target | |\n|---|---|---|---|---|---|\n");
        foreach (var row in result.Rows)
        {
            text.Append(Line(row));
        }

        return text.ToString();
    }

    /// <summary>Puts the table between the two comments of a text.</summary>
    /// <exception cref="FailureException">The comments are not there.</exception>
    public static string Insert(string readme, Result result)
    {
        ArgumentNullException.ThrowIfNull(readme);
        var begin = readme.IndexOf(Begin, StringComparison.Ordinal);
        var end = readme.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
        {
            throw new FailureException($"The readme has no '{Begin}' before '{End}'.");
        }

        return $"{readme[..(begin + Begin.Length)]}\n\n{Markdown(result)}\n{readme[end..]}";
    }

    private static string Rounds(Result result)
    {
        var counts = result.Rows.Select(row => row.Ours.Samples.Count).ToList();
        var (fewest, most) = (counts.Min(), counts.Max());
        return most == 1
            ? "One round"
            : $"Medians of {(fewest == most ? $"{most}" : $"{fewest} to {most}")} rounds in alternation, lowest and highest in brackets";
    }

    private static string Line(ResultRow row)
    {
        var target = row.Target is { } wanted
            ? $"{(row.Kind == RowKind.Seconds ? "at most" : "at least")} {Value(row.Kind, wanted)}"
            : "";
        var met = row.Met switch
        {
            true => "met",
            false => "**not met**",
            null => "",
        };
        var theirs = row.Theirs is { } figures ? Range(row.Kind, figures) : "";
        return $"| {row.Title} | {Range(row.Kind, row.Ours)} | {theirs} | {Value(row.Kind, row.Value)} | {target} | {met} |\n";
    }

    private static string Range(RowKind kind, Figures figures) =>
        figures.Samples.Count == 1
            ? Figure(kind, figures.Median)
            : $"{Figure(kind, figures.Median)} ({Figure(kind, figures.Samples.Min())}-{Figure(kind, figures.Samples.Max())})";

    private static string Figure(RowKind kind, double figure) =>
        kind == RowKind.Ratio
            ? figure.ToString(figure < 100 ? "F1" : "F0", CultureInfo.InvariantCulture)
            : Value(kind, figure);

    private static string Value(RowKind kind, double value) =>
        kind switch
        {
            RowKind.Ratio => $"{value:F2}x",
            RowKind.Share => $"{value * 100:F0} %",
            _ => $"{value:F2} s",
        };
}

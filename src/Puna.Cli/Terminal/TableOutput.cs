using Puna.Engine;
using Spectre.Console;

namespace Puna.Cli.Terminal;

/// <summary>Tables on stdout: drawn in a terminal, plain tab-separated lines when stdout is redirected.</summary>
internal static class TableOutput
{
    /// <summary>Writes rows under headings.</summary>
    public static void Write(
        IReadOnlyList<string> headings,
        IEnumerable<IReadOnlyList<string>> rows
    )
    {
        if (Console.IsOutputRedirected)
        {
            Console.Out.WriteLine(string.Join('\t', headings));
            foreach (var row in rows)
            {
                Console.Out.WriteLine(string.Join('\t', row.Select(PrintableText.Escape)));
            }

            return;
        }

        var table = new Table().Border(TableBorder.Simple);
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(heading.EscapeMarkup()).NoWrap());
        }

        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(cell => new Text(PrintableText.Escape(cell)))]);
        }

        AnsiConsole.Write(table);
    }
}

using System.Text.Json;

namespace Puna.SideBySide;

/// <summary>Holds contests: in each round every program runs once, so that what the machine does meanwhile hits all.</summary>
/// <param name="setup">Programs and files.</param>
/// <param name="rounds">Rounds.</param>
public sealed class Comparison(Setup setup, int rounds)
{
    /// <summary>Measures the chosen rows.</summary>
    /// <param name="filter">Rows whose id begins with it; empty for all.</param>
    /// <exception cref="FailureException">No row is chosen, or a program failed.</exception>
    public Result Run(string filter)
    {
        var chosen = Contests
            .All.Select(contest => contest with { Rows = Chosen(contest, filter) })
            .Where(contest => contest.Rows.Count > 0)
            .ToList();
        if (chosen.Count == 0)
        {
            var ids = Contests.All.SelectMany(contest => contest.Rows).Select(row => row.Id);
            throw new FailureException(
                $"No row begins with '{filter}'; rows are {string.Join(", ", ids)}."
            );
        }

        // Files are made before anything is timed.
        foreach (var run in chosen.SelectMany(Needed))
        {
            run.Prepare(setup);
        }

        var machine = Machine();
        var level = machine.GetProperty("level").GetString()!;
        List<ResultRow> rows = [.. chosen.SelectMany(contest => Hold(contest, level))];
        return new Result
        {
            Date = TimeProvider.System.GetLocalNow().ToString("yyyy-MM-dd"),
            Machine = machine,
            LlamaCommit = setup.LlamaCommit,
            LlamaBuild = Environment.GetEnvironmentVariable("PEER_BUILD") is { Length: > 0 } build
                ? build
                : null,
            Repeats = rounds,
            Rows = rows,
        };
    }

    private static List<Row> Chosen(Contest contest, string filter) =>
        [.. contest.Rows.Where(row => row.Id.StartsWith(filter, StringComparison.Ordinal))];

    private static List<IRun> Needed(Contest contest) =>
        [
            .. contest.Runs.Where(run =>
                contest.Rows.Any(row => row.Ours.Run == run.Name || row.Theirs?.Run == run.Name)
            ),
        ];

    private JsonElement Machine() =>
        Tool.Json(
                setup.Puna,
                [
                    "bench",
                    "kernels",
                    "--filter",
                    "rope halves",
                    "--threads",
                    $"{setup.Threads}",
                    "--json",
                ]
            )
            .GetProperty("machine");

    private List<ResultRow> Hold(Contest contest, string level)
    {
        var runs = Needed(contest);
        var all = new List<IReadOnlyDictionary<Reading, double>>();
        for (var round = 0; round < rounds; round++)
        {
            var figures = new Dictionary<Reading, double>();
            foreach (var run in runs)
            {
                foreach (var (name, value) in run.Measure(setup))
                {
                    figures[new Reading(run.Name, name)] = value;
                }
            }

            all.Add(figures);
            var told = figures.Select(pair => $"{pair.Key.Run} {pair.Key.Figure} {pair.Value:G4}");
            Console.Error.WriteLine(
                $"{contest.Rows[0].Id} round {round + 1} of {rounds}: {string.Join(", ", told)}"
            );
        }

        return [.. contest.Rows.Select(row => ResultRow.Of(row, all, level))];
    }
}

using System.Text.Json;

namespace Puna.SideBySide;

/// <summary>Holds contests: in each round every program runs once, so that what the machine does meanwhile hits all.</summary>
/// <param name="setup">Programs and files.</param>
/// <param name="rounds">Rounds; null for the usual number, which is smaller for long contests.</param>
public sealed class Comparison(Setup setup, int? rounds)
{
    private const int UsualRounds = 5;
    private const int LongRounds = 3;

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
        var repeats = rounds ?? (contest.IsLong ? LongRounds : UsualRounds);
        var samples = new Dictionary<Reading, List<double>>();
        if (runs.Count == 1)
        {
            Measure(contest, runs, repeats, samples);
        }
        else
        {
            for (var round = 0; round < repeats; round++)
            {
                Measure(contest, runs, 1, samples);
            }
        }

        return [.. contest.Rows.Select(row => ResultRow.Of(row, samples, level))];
    }

    private void Measure(
        Contest contest,
        List<IRun> runs,
        int repeats,
        Dictionary<Reading, List<double>> samples
    )
    {
        Console.Error.Write($"{contest.Rows[0].Id}:");
        foreach (var run in runs)
        {
            foreach (var (name, values) in run.Measure(setup, repeats))
            {
                var reading = new Reading(run.Name, name);
                if (!samples.TryGetValue(reading, out var all))
                {
                    all = samples[reading] = [];
                }

                all.AddRange(values);
                var told = string.Join(' ', values.Select(value => value.ToString("G4")));
                Console.Error.Write($" {run.Name} {name} {told}");
            }
        }

        Console.Error.WriteLine();
    }
}

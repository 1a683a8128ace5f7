using System.Text.Json;
using Puna.SideBySide;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>What bench/side-by-side makes of its figures; the runs themselves are not for tests.</summary>
public sealed class SideBySideTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Every_row_reads_from_runs_of_its_contest()
    {
        Assert.Distinct(Contests.All.SelectMany(contest => contest.Rows).Select(row => row.Id));
        foreach (var contest in Contests.All)
        {
            var runs = contest.Runs.Select(run => run.Name).ToList();
            Assert.Distinct(runs);
            Assert.All(
                contest.Rows,
                row =>
                {
                    Assert.Contains(row.Ours.Run, runs);
                    Assert.True(row.Theirs is null || runs.Contains(row.Theirs.Run));
                }
            );
        }
    }

    [Fact]
    public void A_ratio_is_that_of_the_medians_and_held_against_the_target_of_the_processor()
    {
        var row = new Row(
            "a",
            "A",
            RowKind.Ratio,
            new Target(1.5, 1.0),
            new("puna", "tg"),
            new("llama", "tg")
        );
        var rounds = new Dictionary<Reading, List<double>>
        {
            [row.Ours] = [30, 12, 24],
            [row.Theirs!] = [10, 40, 20],
        };
        var wide = ResultRow.Of(row, rounds, "avx512");
        Assert.Equal(1.2, wide.Value);
        Assert.Equal([30, 12, 24], wide.Ours.Samples);
        Assert.Equal(20, wide.Theirs!.Median);
        Assert.True(wide.Met);
        Assert.False(ResultRow.Of(row, rounds, "avx2").Met);
        Assert.Null(ResultRow.Of(row with { Target = null }, rounds, "avx2").Met);
    }

    [Fact]
    public void A_time_is_met_from_below()
    {
        var target = new Target(0.6, 0.6, AtMost: true);
        Assert.True(target.IsMet(0.5, "avx2"));
        Assert.False(target.IsMet(0.7, "avx2"));
    }

    [Fact]
    public void A_result_survives_its_file_and_gives_the_same_table()
    {
        var result = Example();
        result.Save(_folder["result.json"]);
        var read = Result.Load(_folder["result.json"]);
        var table = ResultTable.Markdown(result);
        Assert.Equal(table, ResultTable.Markdown(read));
        Assert.Contains("FMA 500 GFLOP/s", table, StringComparison.Ordinal);
        Assert.Contains(
            "| A | 24.0 (12.0-30.0) | 20.0 (10.0-40.0) | 1.20x | at least 1.00x | met |",
            table,
            StringComparison.Ordinal
        );
        Assert.Equal("2026-11-27-amd-epyc-family-26-avx512.json", result.FileName);
    }

    [Fact]
    public void The_readme_changes_only_between_the_comments()
    {
        const string Readme =
            "before\n<!-- side-by-side: begin -->\nold\n<!-- side-by-side: end -->\nafter\n";
        var once = ResultTable.Insert(Readme, Example());
        Assert.StartsWith("before\n", once, StringComparison.Ordinal);
        Assert.EndsWith("-->\nafter\n", once, StringComparison.Ordinal);
        Assert.DoesNotContain("old", once, StringComparison.Ordinal);
        Assert.Equal(once, ResultTable.Insert(once, Example()));
        Assert.Throws<FailureException>(() => ResultTable.Insert("no comments", Example()));
        var real = File.ReadAllText(Path.Combine(SharedData.Root, "README.md"));
        Assert.NotEqual(real, ResultTable.Insert(real, Example()));
    }

    [Fact]
    public void Stored_results_can_be_read()
    {
        var folder = Path.Combine(SharedData.Root, "bench", "results");
        foreach (var file in Directory.GetFiles(folder, "*.json"))
        {
            Assert.NotEmpty(Result.Load(file).Rows);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static Result Example()
    {
        using var machine = JsonDocument.Parse(
            """
            {"processor": "AMD EPYC (family 26)", "level": "avx512", "threads": 2, "runtime": ".NET",
             "read_bytes_per_second": 5e10, "fma_flops": 5e11}
            """
        );
        return new Result
        {
            Date = "2026-11-27",
            Machine = machine.RootElement.Clone(),
            LlamaCommit = "abc",
            Rows =
            [
                new ResultRow
                {
                    Id = "a",
                    Title = "A",
                    Kind = RowKind.Ratio,
                    Ours = Figures.Of([30, 12, 24]),
                    Theirs = Figures.Of([10, 40, 20]),
                    Value = 1.2,
                    Target = 1,
                    Met = true,
                },
            ],
        };
    }
}

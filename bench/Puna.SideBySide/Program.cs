using System.CommandLine;
using Puna.SideBySide;

var repository = new Option<string>("--repository") { Required = true, Hidden = true };
var llama = new Option<string?>("--llama-cpp")
{
    Description =
        "llama.cpp: a folder with llama-bench and llama-batched-bench, or a script that takes the tool's name first (default: the variable LLAMA_CPP, else ../shared/peers/llama.cpp/run beside the checkout; PEER_BUILD is passed on).",
    HelpName = "PATH",
};
var rows = new Option<string>("--rows")
{
    Description = "Only rows whose id begins with this.",
    HelpName = "FILTER",
    DefaultValueFactory = _ => "",
};
var repeat = new Option<int?>("--repeat")
{
    Description = "Rounds (default: 5, and 3 for the contests over long contexts).",
    HelpName = "N",
};
var quick = new Option<bool>("--quick") { Description = "One round: a look, no result." };
var threads = new Option<int>("--threads")
{
    Description = "Threads of both programs.",
    HelpName = "N",
    DefaultValueFactory = _ => 2,
};
var json = new Option<string?>("--json")
{
    Description =
        "Where the result is written (default: bench/results/DATE-PROCESSOR-LEVEL.json, when all rows were measured in more than one round).",
    HelpName = "FILE",
};
var readme = new Option<bool>("--readme")
{
    Description = "Rewrite the table in README.md from the result.",
};
var from = new Option<string?>("--from")
{
    Description = "Take this result instead of measuring.",
    HelpName = "FILE",
};
var list = new Option<bool>("--list") { Description = "Print the ids of the rows and stop." };
var root = new RootCommand(
    "Runs puna and llama.cpp in turns on the same files and prints the ratios. Models of random weights are made in artifacts/bench-models (9 GB for all rows)."
)
{
    repository,
    llama,
    rows,
    repeat,
    quick,
    threads,
    json,
    readme,
    from,
    list,
};
root.SetAction(result =>
{
    try
    {
        return Run(result);
    }
    catch (FailureException failure)
    {
        Console.Error.WriteLine($"side-by-side: {failure.Message}");
        return 1;
    }
});
return root.Parse(args).Invoke();

int Run(ParseResult result)
{
    var folder = result.GetValue(repository)!;
    if (result.GetValue(list))
    {
        foreach (var row in Contests.All.SelectMany(contest => contest.Rows))
        {
            Console.Out.WriteLine($"{row.Id}\t{row.Title}");
        }

        return 0;
    }

    var outcome = result.GetValue(from) is { } file ? Result.Load(file) : Measure(result, folder);
    Console.Out.Write(ResultTable.Markdown(outcome));
    if (result.GetValue(readme))
    {
        var path = Path.Combine(folder, "README.md");
        File.WriteAllText(path, ResultTable.Insert(File.ReadAllText(path), outcome));
    }

    return 0;
}

Result Measure(ParseResult result, string folder)
{
    var rounds = result.GetValue(quick) ? 1 : result.GetValue(repeat);
    if (rounds < 1)
    {
        throw new FailureException($"--repeat is {rounds}; at least one round is needed.");
    }

    var filter = result.GetValue(rows)!;
    var setup = new Setup
    {
        Repository = folder,
        LlamaCpp =
            result.GetValue(llama)
            ?? Environment.GetEnvironmentVariable("LLAMA_CPP")
            ?? Path.GetFullPath(Path.Combine(folder, "..", "shared", "peers", "llama.cpp", "run")),
        Threads = result.GetValue(threads),
    };
    var outcome = new Comparison(setup, rounds).Run(filter);
    var path = result.GetValue(json);
    if (path is null && filter.Length == 0 && rounds is not 1)
    {
        path = Path.Combine(folder, "bench", "results", outcome.FileName);
    }

    if (path is not null)
    {
        outcome.Save(path);
        Console.Error.WriteLine($"written: {path}");
    }

    return outcome;
}

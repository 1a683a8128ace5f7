namespace Puna.SideBySide;

/// <summary><c>llama-bench</c>. Figures: <c>pp</c> and <c>tg</c> in tokens a second, of the last such test.</summary>
/// <param name="name">Name of the run.</param>
/// <param name="model">Model, as <see cref="Setup.Model"/> names it.</param>
/// <param name="arguments">Further arguments.</param>
public sealed class LlamaBench(string name, string model, params IReadOnlyList<string> arguments)
    : IRun
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public void Prepare(Setup setup)
    {
        setup.RequireLlama();
        _ = setup.Model(model);
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> Measure(Setup setup, int repeats)
    {
        var tests = setup.Llama(
            "llama-bench",
            [
                "-m",
                setup.Model(model),
                "-t",
                $"{setup.Threads}",
                "-r",
                $"{repeats}",
                "-o",
                "json",
                .. arguments,
            ]
        );
        var figures = new Dictionary<string, IReadOnlyList<double>>();
        foreach (var test in tests.EnumerateArray())
        {
            setup.LlamaCommit = test.GetProperty("build_commit").GetString();
            var kind = test.GetProperty("n_gen").GetInt32() == 0 ? "pp" : "tg";
            figures[kind] = Tool.Numbers(test.GetProperty("samples_ts"));
        }

        return figures;
    }
}

namespace Puna.SideBySide;

/// <summary><c>llama-batched-bench</c>. Figure: <c>tg</c>, tokens a second of all sequences together.</summary>
/// <param name="name">Name of the run.</param>
/// <param name="model">Model, as <see cref="Setup.Model"/> names it.</param>
/// <param name="sequences">Sequences.</param>
/// <param name="prompt">Tokens that each holds before.</param>
/// <param name="tokens">Tokens that each decodes.</param>
public sealed class LlamaBatchedBench(
    string name,
    string model,
    int sequences,
    int prompt,
    int tokens
) : IRun
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
    public IReadOnlyDictionary<string, IReadOnlyList<double>> Measure(Setup setup, int repeats) =>
        new Dictionary<string, IReadOnlyList<double>>
        {
            ["tg"] = [.. Enumerable.Range(0, repeats).Select(_ => Rate(setup))],
        };

    private double Rate(Setup setup) =>
        setup
            .Llama(
                "llama-batched-bench",
                [
                    "-m",
                    setup.Model(model),
                    "-t",
                    $"{setup.Threads}",
                    "-c",
                    $"{sequences * (prompt + tokens)}",
                    "-npp",
                    $"{prompt}",
                    "-ntg",
                    $"{tokens}",
                    "-npl",
                    $"{sequences}",
                    "--output-format",
                    "jsonl",
                ]
            )
            .GetProperty("speed_tg")
            .GetDouble();
}

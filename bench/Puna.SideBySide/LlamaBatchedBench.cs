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
    public void Prepare(Setup setup) => _ = setup.Model(model);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Measure(Setup setup)
    {
        var result = setup.Llama(
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
        );
        return new Dictionary<string, double>
        {
            ["tg"] = result.GetProperty("speed_tg").GetDouble(),
        };
    }
}

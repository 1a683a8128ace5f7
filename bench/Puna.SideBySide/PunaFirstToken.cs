namespace Puna.SideBySide;

/// <summary><c>puna run</c> of one token of the default model. Figure: <c>seconds</c> from process start.</summary>
public sealed class PunaFirstToken : IRun
{
    /// <inheritdoc/>
    public string Name => "puna run";

    /// <inheritdoc/>
    public void Prepare(Setup setup) { }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> Measure(Setup setup, int repeats) =>
        new Dictionary<string, IReadOnlyList<double>>
        {
            ["seconds"] = [.. Enumerable.Range(0, repeats).Select(_ => Seconds(setup))],
        };

    private static double Seconds(Setup setup) =>
        Tool.Json(
                setup.Puna,
                [
                    "run",
                    "-m",
                    setup.DefaultModel,
                    "Why is the sky blue?",
                    "-n",
                    "1",
                    "--temp",
                    "0",
                    "--threads",
                    $"{setup.Threads}",
                    "--json",
                ]
            )
            .GetProperty("time_to_first_token_ms")
            .GetDouble() / 1000;
}

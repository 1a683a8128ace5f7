using System.Text.Json;

namespace Puna.SideBySide;

/// <summary>
/// <c>puna bench</c>. Figures: <c>pp</c> and <c>tg</c> in tokens a second and, with limits,
/// <c>pp.share</c> and <c>tg.share</c>.
/// </summary>
/// <param name="name">Name of the run.</param>
/// <param name="model">Model, as <see cref="Setup.Model"/> names it.</param>
/// <param name="limits">Whether to measure the limits of the machine.</param>
/// <param name="arguments">Further arguments.</param>
public sealed class PunaBench(
    string name,
    string model,
    bool limits,
    params IReadOnlyList<string> arguments
) : IRun
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public void Prepare(Setup setup) => _ = setup.Model(model);

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> Measure(Setup setup, int repeats)
    {
        List<string> all =
        [
            "bench",
            setup.Model(model),
            "--threads",
            $"{setup.Threads}",
            "--repeat",
            $"{repeats}",
            "--json",
            .. arguments,
        ];
        if (!limits)
        {
            all.Add("--no-limits");
        }

        var result = Tool.Json(setup.Puna, all);
        var figures = new Dictionary<string, IReadOnlyList<double>>();
        foreach (var row in result.GetProperty("rows").EnumerateArray())
        {
            var test = row.GetProperty("test").GetString()!;
            var rates = Tool.Numbers(row.GetProperty("samples"));
            figures[test] = rates;
            if (row.GetProperty("share_of_limit") is { ValueKind: JsonValueKind.Number } share)
            {
                var unit = share.GetDouble() / row.GetProperty("tokens_per_second").GetDouble();
                figures[$"{test}.share"] = [.. rates.Select(rate => unit * rate)];
            }
        }

        return figures;
    }
}

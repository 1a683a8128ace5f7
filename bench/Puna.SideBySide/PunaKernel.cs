namespace Puna.SideBySide;

/// <summary><c>puna bench kernels</c> for one kernel. Figure: <c>share</c> of the f32 multiply-add peak.</summary>
/// <param name="name">Name of the run, which is the filter that chooses the kernel.</param>
public sealed class PunaKernel(string name) : IRun
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public void Prepare(Setup setup) { }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> Measure(Setup setup, int repeats)
    {
        var result = Tool.Json(
            setup.Puna,
            [
                "bench",
                "kernels",
                "--filter",
                name,
                "--threads",
                $"{setup.Threads}",
                "--repeat",
                $"{repeats}",
                "--json",
            ]
        );
        var rows = result.GetProperty("rows");
        if (rows.GetArrayLength() != 1)
        {
            throw new FailureException(
                $"'{name}' chooses {rows.GetArrayLength()} kernels, not one."
            );
        }

        var seconds = rows[0].GetProperty("seconds").GetDouble();
        var operations = rows[0].GetProperty("operations_per_second").GetDouble() * seconds;
        var peak = result.GetProperty("machine").GetProperty("fma_flops").GetDouble();
        return new Dictionary<string, IReadOnlyList<double>>
        {
            ["share"] =
            [
                .. Tool.Numbers(rows[0].GetProperty("samples"))
                    .Select(sample => operations / sample / peak),
            ],
        };
    }
}

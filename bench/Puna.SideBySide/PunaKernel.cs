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
    public IReadOnlyDictionary<string, double> Measure(Setup setup)
    {
        var result = Tool.Json(
            setup.Puna,
            ["bench", "kernels", "--filter", name, "--threads", $"{setup.Threads}", "--json"]
        );
        var rows = result.GetProperty("rows");
        if (rows.GetArrayLength() != 1)
        {
            throw new FailureException(
                $"'{name}' chooses {rows.GetArrayLength()} kernels, not one."
            );
        }

        var rate = rows[0].GetProperty("operations_per_second").GetDouble();
        return new Dictionary<string, double>
        {
            ["share"] = rate / result.GetProperty("machine").GetProperty("fma_flops").GetDouble(),
        };
    }
}

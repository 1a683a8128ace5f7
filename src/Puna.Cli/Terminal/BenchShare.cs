using Puna.Engine.Measurement;

namespace Puna.Cli.Terminal;

/// <summary>Shows on a bar how far a measurement is.</summary>
internal sealed class BenchShare(TaskProgress progress) : IProgress<BenchProgress>
{
    /// <inheritdoc/>
    public void Report(BenchProgress value) => progress.Report(value.Share, value.Row);
}

namespace Puna.Cli.Terminal;

/// <summary>
/// Tells on stderr how far a long prompt is read, when that takes longer than a second and stderr is a terminal. It is
/// wiped by its disposal, which must come before the first text of the answer; disposing of it again does nothing.
/// </summary>
internal sealed class PromptProgress : IProgress<double>, IDisposable
{
    private readonly TaskProgress _bar = new("reading the prompt");

    /// <summary>Begins; the first pass may take long, and nothing is told before its end.</summary>
    public PromptProgress() => _bar.Report(0);

    /// <inheritdoc/>
    public void Report(double value) => _bar.Report(value);

    /// <inheritdoc/>
    public void Dispose() => _bar.Dispose();
}

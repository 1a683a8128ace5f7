using Puna.Cli.Terminal;
using Puna.Engine.Model;
using Puna.Engine.Runtime;

namespace Puna.Cli.Models;

/// <summary>Loads a model with a bar on stderr when it takes longer than a second.</summary>
internal static class ModelLoading
{
    /// <summary>Loads <paramref name="path"/>, or the default model when it is null.</summary>
    public static InferenceEngine Load(
        string? path,
        InferenceOptions options,
        CancellationToken cancellation
    )
    {
        path ??= DefaultModel.Path();
        using var progress = new TaskProgress(
            $"loading {Path.GetFileName(Path.TrimEndingDirectorySeparator(path))}"
        );
        return InferenceEngine.Load(path, options, new ShareOf(progress), cancellation);
    }

    private sealed class ShareOf(TaskProgress progress) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) =>
            progress.Report(value.TotalBytes == 0 ? 1 : (double)value.DoneBytes / value.TotalBytes);
    }
}

using Puna.Engine.Tests.Files;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>A small model with random weights in f32, as a folder: for tests that need no real one.</summary>
internal sealed class RandomModel : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RandomModel() => ModelAssert.Create("stories-260k", Path, WeightFormats.F32, 7);

    public string Path => _folder["model"];

    public void Dispose() => _folder.Dispose();
}

using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>A disk that fills up while a model is converted.</summary>
public sealed class FullDiskTests
{
    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Theory]
    [InlineData("f32")]
    [InlineData("q8_0")]
    public void The_old_file_stays_and_no_other(string format)
    {
        using var folder = new TemporaryFolder();
        var disk = Directory.CreateDirectory(folder["disk"]).FullName;
        Assert.SkipUnless(
            SpecialFiles.Runs("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk),
            "A small disk cannot be mounted here: that needs Linux and the right to mount."
        );
        try
        {
            var model = Path.Combine(disk, "model.gguf");
            var made = PunaProcess.Run(["new", "stories-260k", model, "--format", "q4_0"]);
            Assert.True(made.ExitCode == 0, made.Error);
            var before = File.ReadAllBytes(model);
            var line = PunaProcess.Refusal("convert", DefaultModel, model, "--format", format);
            Assert.Contains("model.gguf", line, StringComparison.Ordinal);
            Assert.Contains("unchanged", line, StringComparison.Ordinal);
            Assert.Equal([model], Directory.GetFiles(disk));
            Assert.Equal(before, File.ReadAllBytes(model));
        }
        finally
        {
            Assert.True(SpecialFiles.Runs("umount", disk), $"{disk} could not be unmounted.");
        }
    }
}

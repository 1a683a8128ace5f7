using System.Diagnostics;
using System.Text.Json;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>What leaves the repository.</summary>
[Trait("speed", "slow")]
public sealed class PublishTests
{
    [Fact]
    public void What_is_published_carries_the_default_model()
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [
                "msbuild",
                "src/Puna.Cli/Puna.Cli.csproj",
                "-nologo",
                "-t:ComputeResolvedFilesToPublishList",
                "-p:BuildProjectReferences=false",
                "-getItem:ResolvedFileToPublish",
            ]
        )
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            WorkingDirectory = SharedData.Root,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
        using var items = JsonDocument.Parse(output);
        var paths = items
            .RootElement.GetProperty("Items")
            .GetProperty("ResolvedFileToPublish")
            .EnumerateArray()
            .Select(item => item.GetProperty("RelativePath").GetString()!.Replace('\\', '/'))
            .ToList();
        Assert.All(
            Directory.GetFiles(Path.Combine(SharedData.Root, "models")),
            file => Assert.Contains($"models/{Path.GetFileName(file)}", paths)
        );
    }
}

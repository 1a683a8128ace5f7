using System.Diagnostics;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>A model that is cut off while a command reads it: a sentence or a result, never the end of the process.</summary>
[Trait("speed", "slow")]
public sealed class ChangedModelTests
{
    private const int Tries = 25;

    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Fact]
    public async Task Cut_off_at_any_moment_it_ends_with_a_sentence_or_a_result()
    {
        using var folder = new TemporaryFolder();
        var bytes = await File.ReadAllBytesAsync(
            DefaultModel,
            TestContext.Current.CancellationToken
        );
        var model = folder["model.gguf"];
        var text = folder["text.txt"];
        await File.WriteAllTextAsync(
            text,
            "Once upon a time there was a model.",
            TestContext.Current.CancellationToken
        );
        string[][] commands =
        [
            ["run", model, "Hello", "-n", "2"],
            ["convert", model, folder["out.gguf"], "--format", "q4_0"],
            ["eval", "perplexity", model, text],
        ];
        var sentences = 0;
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            await File.WriteAllBytesAsync(model, bytes, TestContext.Current.CancellationToken);
            using var process = PunaProcess.Start(commands[attempt % commands.Length]);
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            await WaitUntilOpen(process, model);
            await Task.Delay(attempt * 6, TestContext.Current.CancellationToken);
            await using (
                var file = new FileStream(
                    model,
                    FileMode.Open,
                    FileAccess.Write,
                    FileShare.ReadWrite
                )
            )
            {
                file.SetLength(attempt % 2 == 0 ? 4096 : bytes.Length / 2);
            }

            if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail("It did not end.");
            }

            await output;
            var told = await error;
            Assert.True(process.ExitCode is 0 or 1, $"exit {process.ExitCode}: {told}");
            Assert.DoesNotContain("   at ", told, StringComparison.Ordinal);
            sentences += process.ExitCode;
        }

        Assert.NotEqual(0, sentences);
    }

    private static async Task WaitUntilOpen(Process process, string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The files of a process are found in /proc.");
        var clock = Stopwatch.StartNew();
        while (!process.HasExited && clock.Elapsed < TimeSpan.FromSeconds(60))
        {
            try
            {
                if (
                    Directory
                        .EnumerateFiles($"/proc/{process.Id}/fd")
                        .Any(file => new FileInfo(file).LinkTarget == path)
                )
                {
                    return;
                }
            }
            catch (IOException)
            {
                // A file that was closed while they were listed.
            }

            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}

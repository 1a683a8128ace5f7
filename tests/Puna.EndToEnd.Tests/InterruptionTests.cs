using System.Diagnostics;
using System.Text;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>Ctrl-C in the middle of work: exit code 130, and what was written before is whole.</summary>
[Trait("speed", "slow")]
public sealed class InterruptionTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Fact]
    public async Task An_answer_stops_behind_whole_characters()
    {
        // Emoji are several tokens each, so that most moments lie inside a character.
        string[] arguments =
        [
            "run",
            "\U0001F389\U0001F38A\U0001F389\U0001F38A\U0001F389\U0001F38A\U0001F389\U0001F38A",
            "--raw",
            "--temp",
            "0",
            "--logit-bias",
            "0:-1000",
            "--logit-bias",
            "2:-1000",
        ];
        using var process = PunaProcess.Start(arguments);
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = new MemoryStream();
        var buffer = new byte[4096];
        for (
            int read;
            (
                read = await process.StandardOutput.BaseStream.ReadAsync(
                    buffer,
                    TestContext.Current.CancellationToken
                )
            ) > 0;

        )
        {
            var before = output.Length;
            output.Write(buffer, 0, read);
            if (before < 100 && output.Length >= 100)
            {
                Signals.Interrupt(process);
            }
        }

        Ended(process, 130);
        Assert.DoesNotContain("   at ", await error, StringComparison.Ordinal);
        var strict = new UTF8Encoding(false, throwOnInvalidBytes: true);
        var text = strict.GetString(output.ToArray()).TrimEnd('\n');
        Assert.Contains("\U0001F389", text, StringComparison.Ordinal);

        // The same answer, had it gone on; a character that was cut off is shown as U+FFFD.
        var whole = PunaProcess.Run([.. arguments, "-n", $"{2 * text.Length}"]).Output;
        Assert.StartsWith(text.TrimEnd('\uFFFD'), whole, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model.gguf", "q4_k", false)]
    [InlineData("model.gguf", "q6_k", true)]
    [InlineData("folder", "f32", false)]
    public async Task A_conversion_leaves_no_file_or_the_old_one(
        string name,
        string format,
        bool old
    )
    {
        using var folder = new TemporaryFolder();
        if (old)
        {
            File.WriteAllText(folder[name], "what was there before");
        }

        using var process = PunaProcess.Start([
            "convert",
            DefaultModel,
            folder[name],
            "--format",
            format,
            "--threads",
            "1",
        ]);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        var clock = Stopwatch.StartNew();
        while (!process.HasExited && !Partial(folder.Path).Any() && clock.Elapsed < s_patience)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.False(process.HasExited, "It ended before it could be interrupted.");
        Signals.Interrupt(process);
        Ended(process, 130);
        Assert.Equal("", await output);
        Assert.DoesNotContain("   at ", await error, StringComparison.Ordinal);
        string[] kept = old ? [folder[name]] : [];
        Assert.Equal(kept, Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories));
        if (old)
        {
            Assert.Equal("what was there before", File.ReadAllText(folder[name]));
        }
    }

    private static IEnumerable<string> Partial(string folder) =>
        Directory
            .GetFiles(folder, "*.partial", SearchOption.AllDirectories)
            .Where(file => new FileInfo(file).Length > 0);

    private static void Ended(Process process, int exitCode)
    {
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("It did not end after Ctrl-C.");
        }

        Assert.Equal(exitCode, process.ExitCode);
    }
}

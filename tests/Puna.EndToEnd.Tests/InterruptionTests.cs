using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>Signals in the middle of work: exit code 130, and what was written before is whole.</summary>
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
    [InlineData("model.gguf", "q4_k", false, "INT")]
    [InlineData("model.gguf", "q6_k", true, "INT")]
    [InlineData("model.gguf", "q4_k", true, "TERM")]
    [InlineData("model.gguf", "q4_k", false, "HUP")]
    [InlineData("model.gguf", "q4_k", true, "INT", "TERM")]
    [InlineData("folder", "f32", false, "HUP", "INT")]
    [InlineData("folder", "f32", false, "INT")]
    public async Task A_conversion_leaves_no_file_or_the_old_one(
        string name,
        string format,
        bool old,
        params string[] signals
    )
    {
        using var folder = new TemporaryFolder();
        if (old)
        {
            var made = PunaProcess.Run(["new", "stories-260k", folder[name]]);
            Assert.True(made.ExitCode == 0, made.Error);
        }

        var before = old ? File.ReadAllBytes(folder[name]) : [];
        using var process = await Converting(folder[name], format);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        Signals.Send(process, signals);
        Ended(process, 130);
        Assert.Equal("", await output);
        Assert.Equal("", await error);
        string[] kept = old ? [folder[name]] : [];
        Assert.Equal(kept, Directory.GetFileSystemEntries(folder.Path));
        if (old)
        {
            Assert.Equal(before, File.ReadAllBytes(folder[name]));
        }
    }

    [Fact]
    public async Task What_a_killed_conversion_left_is_removed_by_the_next()
    {
        using var folder = new TemporaryFolder();
        var target = folder["model.gguf"];
        using var process = await Converting(target, "q4_k");
        Signals.Send(process, "KILL");
        Ended(process, 137);
        Assert.Single(Partial(folder.Path));

        // A run that writes something else does not concern itself with it.
        Assert.Equal(0, PunaProcess.Run(["new", "stories-260k", folder["a.gguf"]]).ExitCode);
        Assert.Single(Partial(folder.Path));
        Assert.Equal(0, PunaProcess.Run(["new", "stories-260k", target]).ExitCode);
        Assert.Empty(Directory.GetFiles(folder.Path, "*.partial"));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task A_chat_that_waits_for_a_line_ends_at_once(string signal)
    {
        using var process = PunaProcess.Start(["chat"]);
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteLineAsync("/help");
        await process.StandardInput.WriteLineAsync("/nonsense");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        using var folder = new TemporaryFolder();
        await process.StandardInput.WriteLineAsync($"/save {folder["a.json"]}");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        await Until(process, () => File.Exists(folder["a.json"]));
        Signals.Send(process, signal);
        Ended(process, 130);
        Assert.DoesNotContain("   at ", await error, StringComparison.Ordinal);
        Assert.Equal([folder["a.json"]], Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT", "HUP")]
    public async Task A_conversation_that_is_being_saved_is_whole_or_absent(params string[] signals)
    {
        using var folder = new TemporaryFolder();
        var turn = new { role = "user", content = new string('x', 1 << 15) };
        var turns = JsonSerializer.Serialize(Enumerable.Repeat(turn, 64));
        File.WriteAllText(folder["long.json"], turns);
        using var process = PunaProcess.Start(["chat"]);
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteLineAsync($"/load {folder["long.json"]}");
        await process.StandardInput.WriteLineAsync($"/save {folder["copy.json"]}");
        await process.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        await Until(process, () => Directory.GetFiles(folder.Path, "copy*").Length > 0);
        Signals.Send(process, signals);
        Ended(process, 130);
        Assert.Equal("", await error);
        var copy = folder["copy.json"];
        string[] kept = File.Exists(copy) ? [copy] : [];
        Assert.Equal(kept, Directory.GetFiles(folder.Path, "copy*"));
        if (kept.Length > 0)
        {
            using var saved = JsonDocument.Parse(File.ReadAllBytes(copy));
            Assert.Equal(64, saved.RootElement.GetArrayLength());
        }
    }

    /// <summary>A conversion that has begun to write its file.</summary>
    private static async Task<Process> Converting(string target, string format)
    {
        var process = PunaProcess.Start([
            "convert",
            DefaultModel,
            target,
            "--format",
            format,
            "--threads",
            "1",
        ]);
        process.StandardInput.Close();
        var folder = Path.GetDirectoryName(target)!;
        await Until(process, () => Partial(folder).Any());
        return process;
    }

    private static async Task Until(Process process, Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!process.HasExited && !condition() && clock.Elapsed < s_patience)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.False(process.HasExited, "It ended before it could be interrupted.");
    }

    private static IEnumerable<string> Partial(string folder) =>
        Directory
            .GetFiles(folder, "*.partial", SearchOption.AllDirectories)
            .Where(file => new FileInfo(file) is { Exists: true, Length: > 0 });

    private static void Ended(Process process, int exitCode)
    {
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail("It did not end after the signal.");
        }

        Assert.Equal(exitCode, process.ExitCode);
    }
}

using System.Diagnostics;
using System.Text.Json;
using Puna.Testing;

namespace Puna.EndToEnd.Tests;

/// <summary>Arguments whose bytes are no UTF-8, and the character that often stands for such bytes.</summary>
public sealed class ArgumentBytesTests
{
    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    [Theory]
    [InlineData("run -m \"$MODEL\" --raw -n 1 $'caf\\xe9'", "The prompt")]
    [InlineData("run -m \"$MODEL\" --raw -n 1 $'\\xed\\xa0\\x80'", "The prompt")]
    [InlineData("run -m \"$MODEL\" -n 1 hello --system $'caf\\xe9'", "--system")]
    [InlineData("run -m \"$MODEL\" -n 1 hello --stop $'caf\\xe9'", "--stop")]
    [InlineData("chat \"$MODEL\" --system $'caf\\xe9'", "--system")]
    [InlineData("tokenize \"$MODEL\" $'\\xff'", "The text")]
    public void Bytes_that_are_no_character_are_refused(string arguments, string what)
    {
        var result = Shell(arguments);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("", result.Output);
        Assert.Equal(
            $"puna: {what} is no valid UTF-8 (it has bytes that are no character); give it in UTF-8.\n",
            result.Error
        );
    }

    [Fact]
    public void The_replacement_character_itself_is_taken()
    {
        var given = Shell("tokenize \"$MODEL\" $'caf\\xef\\xbf\\xbd' --json");
        Assert.True(given.ExitCode == 0, given.Error);
        var piped = PunaProcess.Run(["tokenize", DefaultModel, "-", "--json"], "caf\uFFFD");
        Assert.Equal(piped.Output, given.Output);
        var run = Shell("run -m \"$MODEL\" --raw -n 1 --json $'caf\\xef\\xbf\\xbd'");
        Assert.True(run.ExitCode == 0, run.Error);
        using var document = JsonDocument.Parse(run.Output);
        using var ids = JsonDocument.Parse(piped.Output);
        Assert.Equal(
            ids.RootElement.GetProperty("ids").GetRawText(),
            document.RootElement.GetProperty("prompt_ids").GetRawText()
        );
    }

    /// <summary>Runs puna with arguments that bash reads, the only way to give it bytes that are no text.</summary>
    private static PunaResult Shell(string arguments)
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && File.Exists("/bin/bash"),
            "Raw bytes are given as arguments through Linux and bash."
        );
        var start = new ProcessStartInfo(
            "/bin/bash",
            ["-c", $"exec dotnet exec \"$PUNA\" {arguments}"]
        )
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PUNA"] = Path.Combine(AppContext.BaseDirectory, "puna.dll");
        start.Environment["MODEL"] = DefaultModel;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return new PunaResult(process.ExitCode, output.GetAwaiter().GetResult(), error);
    }
}

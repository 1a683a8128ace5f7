using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Puna.EndToEnd.Tests;

/// <summary>Runs the command line as a process, as a user does.</summary>
public static class PunaProcess
{
    /// <summary>Runs <c>puna</c> with arguments and text on its standard input, and waits for its end.</summary>
    public static PunaResult Run(
        IEnumerable<string> arguments,
        string input = "",
        string? workingDirectory = null
    ) => Run(arguments, Encoding.UTF8.GetBytes(input), workingDirectory);

    /// <summary>Runs <c>puna</c> with arguments and bytes on its standard input, and waits for its end.</summary>
    public static PunaResult Run(
        IEnumerable<string> arguments,
        byte[] input,
        string? workingDirectory = null
    )
    {
        using var process = Start(arguments, workingDirectory);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading its input, as a refusal does.
        }

        if (!process.WaitForExit(TimeSpan.FromMinutes(5)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"puna {string.Join(' ', arguments)} did not end.");
        }

        return new PunaResult(
            process.ExitCode,
            output.GetAwaiter().GetResult(),
            error.GetAwaiter().GetResult()
        );
    }

    /// <summary>Starts <c>puna</c> and returns at once.</summary>
    public static Process Start(IEnumerable<string> arguments, string? workingDirectory = null)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = workingDirectory ?? "",
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "puna.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs a command with <c>--json</c> that must succeed, and parses its one object.</summary>
    public static JsonElement Json(params string[] arguments)
    {
        var result = Run([.. arguments, "--json"]);
        Assert.True(result.ExitCode == 0, $"exit {result.ExitCode}: {result.Error}");
        using var document = JsonDocument.Parse(result.Output);
        return document.RootElement.Clone();
    }

    /// <summary>Runs a command that must be refused: exit code 1 and exactly one line on stderr, which is returned.</summary>
    public static string Refusal(params string[] arguments)
    {
        var result = Run(arguments);
        Assert.True(
            result.ExitCode == 1,
            $"exit {result.ExitCode}, stdout: {result.Output}, stderr: {result.Error}"
        );
        var lines = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var line = Assert.Single(lines);
        Assert.StartsWith("puna: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        return line;
    }
}

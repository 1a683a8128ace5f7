using System.Diagnostics;
using System.Text.Json;

namespace Puna.SideBySide;

/// <summary>Runs other programs.</summary>
internal static class Tool
{
    /// <summary>What a program printed.</summary>
    /// <exception cref="FailureException">It is not there or failed.</exception>
    public static string Output(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process =
            Process.Start(start) ?? throw new FailureException($"{program} did not start.");
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new FailureException(
                $"{program} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}: {LastLine(errors.GetAwaiter().GetResult())}"
            );
    }

    /// <summary>The same, read as JSON; a text of several lines with an object each gives the last.</summary>
    public static JsonElement Json(string program, IEnumerable<string> arguments)
    {
        var output = Output(program, arguments).Trim();
        var text = output.StartsWith('{') ? output.Split('\n')[^1] : output;
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    /// <summary>An array of numbers.</summary>
    public static IReadOnlyList<double> Numbers(JsonElement array) =>
        [.. array.EnumerateArray().Select(number => number.GetDouble())];

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "no message";
}

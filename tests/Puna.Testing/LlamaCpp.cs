using System.Diagnostics;

namespace Puna.Testing;

/// <summary>Runs llama.cpp's tools from ../shared/peers, where they are, as an independent reader of what we write.</summary>
public static class LlamaCpp
{
    /// <summary>Runs a tool and gives its exit code and all that it printed; skips the test where it cannot run.</summary>
    public static (int ExitCode, string Output) Run(string tool, params string[] arguments)
    {
        var script = Path.Combine(
            Directory.GetParent(SharedData.Root)!.FullName,
            "shared",
            "peers",
            "llama.cpp",
            "run"
        );
        Assert.SkipUnless(File.Exists(script), "../shared/peers/llama.cpp is absent");
        using var process = Process.Start(
            new ProcessStartInfo("/bin/sh", [script, tool, .. arguments])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var text = new System.Text.StringBuilder();
        process.OutputDataReceived += (_, line) => Append(text, line.Data);
        process.ErrorDataReceived += (_, line) => Append(text, line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        var output = text.ToString();
        Assert.SkipWhen(
            output.Contains("needs the package libgomp1", StringComparison.Ordinal),
            "llama.cpp's tools need the package libgomp1"
        );
        return (process.ExitCode, output);
    }

    private static void Append(System.Text.StringBuilder text, string? line)
    {
        lock (text)
        {
            text.AppendLine(line);
        }
    }
}

using System.Diagnostics;

namespace Puna.EndToEnd.Tests;

/// <summary>Runs the command line from a line of the shell, which can close streams and set limits.</summary>
public static class ShellProcess
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Runs <paramref name="script"/>, in which <c>"$@"</c> is <c>puna</c> with <paramref name="arguments"/>, and waits for its
    /// end; skips the test where there is no such shell.
    /// </summary>
    public static PunaResult Run(string script, params string[] arguments)
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux(),
            "Streams and limits are those of a Linux shell."
        );
        var start = new ProcessStartInfo("/bin/bash")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] puna = ["dotnet", "exec", Path.Combine(AppContext.BaseDirectory, "puna.dll")];
        foreach (var argument in (string[])["-c", script, "bash", .. puna, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{script} of {string.Join(' ', arguments)} did not end.");
        }

        return new PunaResult(
            process.ExitCode,
            output.GetAwaiter().GetResult(),
            error.GetAwaiter().GetResult()
        );
    }
}

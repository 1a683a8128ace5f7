using System.Diagnostics;
using System.Globalization;

namespace Puna.EndToEnd.Tests;

/// <summary>Signals as the terminal and the system send them.</summary>
public static class Signals
{
    private static readonly Dictionary<string, int> s_numbers = new(StringComparer.Ordinal)
    {
        ["HUP"] = 1,
        ["INT"] = 2,
        ["KILL"] = 9,
        ["TERM"] = 15,
    };

    /// <summary>Sends SIGINT to a process; skips the test where signals are not heard.</summary>
    public static void Interrupt(Process process) => Send(process, "INT");

    /// <summary>Sends signals to a process, so that it hears all before it goes on; skips the test where they are not heard.</summary>
    public static void Send(Process process, params ReadOnlySpan<string> names)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent with kill.");
        var ignored = File.ReadLines($"/proc/{process.Id}/status")
            .First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        var mask = ulong.Parse(
            ignored["SigIgn:".Length..].Trim(),
            NumberStyles.HexNumber,
            CultureInfo.InvariantCulture
        );
        foreach (var name in names)
        {
            if ((mask & (1UL << (s_numbers[name] - 1))) != 0)
            {
                process.Kill(entireProcessTree: true);
                Assert.Skip(
                    $"The tests were started with SIG{name} ignored, and processes inherit that."
                );
            }
        }

        string[] sent = names.Length > 1 ? ["STOP", .. names, "CONT"] : [.. names];
        foreach (var name in sent)
        {
            using var kill = Process.Start("kill", [$"-{name}", $"{process.Id}"]);
            kill.WaitForExit();
            Assert.Equal(0, kill.ExitCode);
        }
    }
}

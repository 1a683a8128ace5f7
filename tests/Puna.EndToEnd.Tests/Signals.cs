using System.Diagnostics;
using System.Globalization;

namespace Puna.EndToEnd.Tests;

/// <summary>Ctrl-C as the terminal sends it.</summary>
public static class Signals
{
    private const int InterruptBit = 1 << (2 - 1);

    /// <summary>Sends SIGINT to a process; skips the test where signals are not heard.</summary>
    public static void Interrupt(Process process)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "SIGINT is sent with kill.");
        var ignored = File.ReadLines($"/proc/{process.Id}/status")
            .First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        var mask = ulong.Parse(
            ignored["SigIgn:".Length..].Trim(),
            NumberStyles.HexNumber,
            CultureInfo.InvariantCulture
        );
        if ((mask & InterruptBit) != 0)
        {
            process.Kill(entireProcessTree: true);
            Assert.Skip("The tests were started with SIGINT ignored, and processes inherit that.");
        }

        using var kill = Process.Start("kill", ["-INT", $"{process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}

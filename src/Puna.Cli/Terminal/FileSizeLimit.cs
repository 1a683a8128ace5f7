using System.Runtime.InteropServices;

namespace Puna.Cli.Terminal;

/// <summary>
/// A limit on the size of files (<c>ulimit -f</c>). The system kills a process that writes past it unless the signal is
/// taken; then the write fails like one on a full disk.
/// </summary>
internal static class FileSizeLimit
{
    // SIGXFSZ, for which the runtime has no name; the number is the same on Linux and macOS.
    private const PosixSignal Exceeded = (PosixSignal)25;

    /// <summary>Takes the signal until it is disposed; null where there is no such signal.</summary>
    public static IDisposable? Take() =>
        OperatingSystem.IsWindows()
            ? null
            : PosixSignalRegistration.Create(Exceeded, context => context.Cancel = true);
}

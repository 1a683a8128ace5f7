using System.Runtime.InteropServices;

namespace Puna.Cli.Terminal.LineEditing;

/// <summary>Has the terminal enclose what is pasted in sequences of its own; ends with its disposal, or with the process.</summary>
internal sealed class BracketedPaste : IDisposable
{
    private static readonly PosixSignal[] s_endings =
    [
        PosixSignal.SIGINT,
        PosixSignal.SIGTERM,
        PosixSignal.SIGHUP,
    ];

    private readonly TextWriter _output;
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>Begins.</summary>
    public BracketedPaste(TextWriter output)
    {
        _output = output;
        _registrations =
        [
            .. s_endings.Select(signal => PosixSignalRegistration.Create(signal, _ => End())),
        ];
        Write("\e[?2004h");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        End();
    }

    private void End() => Write("\e[?2004l");

    private void Write(string sequence)
    {
        _output.Write(sequence);
        _output.Flush();
    }
}

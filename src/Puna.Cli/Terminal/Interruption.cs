using System.Runtime.InteropServices;
using Puna.Engine.Files.Writing;

namespace Puna.Cli.Terminal;

/// <summary>
/// Signals that end work. Ctrl-C ends the innermost work that is under way: the whole command, or one answer of a chat;
/// SIGTERM and SIGHUP end the command. A second one while that is still ending, or any while standard input is waited
/// for, ends the process at once, but not without removing its unfinished files.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static readonly Lock s_lock = new();
    private static readonly Stack<CancellationTokenSource> s_scopes = [];
    private static readonly List<PosixSignalRegistration> s_registrations = [];
    private static bool s_waiting;
    private readonly CancellationTokenSource _source = new();

    static Interruption()
    {
        foreach (
            var signal in (PosixSignal[])
                [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP]
        )
        {
            s_registrations.Add(PosixSignalRegistration.Create(signal, Handle));
        }
    }

    /// <summary>Begins work that Ctrl-C is to end.</summary>
    public Interruption()
    {
        lock (s_lock)
        {
            s_scopes.Push(_source);
        }
    }

    /// <summary>Is cancelled by Ctrl-C.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Waits for standard input, which nothing can cancel: a signal ends the process.</summary>
    /// <exception cref="OperationCanceledException">The work was ended already.</exception>
    public static T Wait<T>(Func<T> read)
    {
        lock (s_lock)
        {
            if (s_scopes.TryPeek(out var source))
            {
                source.Token.ThrowIfCancellationRequested();
            }

            s_waiting = true;
        }

        try
        {
            return read();
        }
        finally
        {
            lock (s_lock)
            {
                s_waiting = false;
            }
        }
    }

    /// <summary>Ends the work; the one around it takes Ctrl-C again.</summary>
    public void Dispose()
    {
        lock (s_lock)
        {
            _ = s_scopes.Pop();
        }

        _source.Dispose();
    }

    private static void Handle(PosixSignalContext context)
    {
        context.Cancel = true;
        if (!TryCancel(innermostOnly: context.Signal == PosixSignal.SIGINT))
        {
            PartialFiles.OfProcess.Abandon();
            Environment.Exit(ExitCode.Interrupted);
        }
    }

    private static bool TryCancel(bool innermostOnly)
    {
        lock (s_lock)
        {
            if (
                s_waiting
                || !s_scopes.TryPeek(out var innermost)
                || innermost.IsCancellationRequested
            )
            {
                return false;
            }

            foreach (var source in innermostOnly ? [innermost] : s_scopes.ToArray())
            {
                source.Cancel();
            }

            return true;
        }
    }
}

namespace Puna.Cli.Terminal;

/// <summary>
/// Ctrl-C. It ends the innermost work that is under way: the whole command, or one answer of a chat. A second one while
/// that is still ending ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private static readonly Lock s_lock = new();
    private static readonly Stack<CancellationTokenSource> s_scopes = [];
    private readonly CancellationTokenSource _source = new();

    static Interruption() =>
        Console.CancelKeyPress += (_, key) =>
        {
            lock (s_lock)
            {
                if (s_scopes.TryPeek(out var source) && !source.IsCancellationRequested)
                {
                    key.Cancel = true;
                    source.Cancel();
                }
            }
        };

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

    /// <summary>Ends the work; the one around it takes Ctrl-C again.</summary>
    public void Dispose()
    {
        lock (s_lock)
        {
            _ = s_scopes.Pop();
        }

        _source.Dispose();
    }
}

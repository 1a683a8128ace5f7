namespace Puna.Cli.Terminal.LineEditing;

/// <summary>The keys of the console. .NET sets the terminal's mode and puts it back when the process ends, however it does.</summary>
internal sealed class ConsoleKeys : IKeySource
{
    // Waiting for a key cannot be cancelled, asking for one can. Shorter than anyone feels.
    private const int PollMilliseconds = 15;
    private const int UnknownColumns = 80;
    private const int UnknownRows = 24;
    private (int Columns, int Rows) _size;

    // .NET sets the mode when it is first asked for a key: before a prompt is shown, so that the terminal itself edits
    // nothing of what is typed behind it.
    public ConsoleKeys() => _ = Console.KeyAvailable;

    /// <inheritdoc/>
    public int Columns => Console.WindowWidth is var columns and > 0 ? columns : UnknownColumns;

    /// <inheritdoc/>
    public int Rows => Console.WindowHeight is var rows and > 0 ? rows : UnknownRows;

    /// <inheritdoc/>
    public ConsoleKeyInfo? Read(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var size = (Columns, Rows);
            if (size != _size)
            {
                _size = size;
                return null;
            }

            if (Console.KeyAvailable)
            {
                return Console.ReadKey(intercept: true);
            }

            _ = cancellation.WaitHandle.WaitOne(PollMilliseconds);
        }

        return null;
    }
}

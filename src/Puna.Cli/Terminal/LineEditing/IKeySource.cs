namespace Puna.Cli.Terminal.LineEditing;

/// <summary>The keys and the size of a window.</summary>
internal interface IKeySource
{
    /// <summary>Columns of the window.</summary>
    int Columns { get; }

    /// <summary>Rows of the window.</summary>
    int Rows { get; }

    /// <summary>Waits for the next key; null when it was cancelled, or the window has another size.</summary>
    ConsoleKeyInfo? Read(CancellationToken cancellation);
}

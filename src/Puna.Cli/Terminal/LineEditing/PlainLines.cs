namespace Puna.Cli.Terminal.LineEditing;

/// <summary>Messages line by line, as they come from a pipe or from a terminal that cannot be painted on.</summary>
internal sealed class PlainLines(bool prompts) : ILineReader
{
    private Task<string?>? _pending;

    /// <inheritdoc/>
    public EnteredLine Read(CancellationToken cancellation)
    {
        if (prompts)
        {
            Console.Error.Write("> ");
        }

        // A read cannot be cancelled; the line that it brings belongs to whoever asks next.
        _pending ??= Task.Run(StandardInput.Line, CancellationToken.None);
        try
        {
            _ = Task.WhenAny(_pending).WaitAsync(cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            if (prompts)
            {
                Console.Error.WriteLine();
            }

            return new EnteredLine(LineEnd.Cancelled, "");
        }

        var read = _pending;
        _pending = null;
        return read.GetAwaiter().GetResult() is { } line
            ? new EnteredLine(LineEnd.Entered, line)
            : new EnteredLine(LineEnd.EndOfInput, "");
    }
}

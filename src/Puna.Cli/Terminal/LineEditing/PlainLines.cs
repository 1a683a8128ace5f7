namespace Puna.Cli.Terminal.LineEditing;

/// <summary>Messages line by line, as they come from a pipe or from a terminal that cannot be painted on.</summary>
/// <param name="prompts">Whether somebody waits for a prompt.</param>
internal sealed class PlainLines(bool prompts) : ILineReader
{
    /// <inheritdoc/>
    public EnteredLine Read(CancellationToken cancellation)
    {
        if (prompts)
        {
            Console.Error.Write("> ");
        }

        var line = StandardInput.Line();
        if (cancellation.IsCancellationRequested)
        {
            return new EnteredLine(LineEnd.Cancelled, line ?? "");
        }

        return line is null
            ? new EnteredLine(LineEnd.EndOfInput, "")
            : new EnteredLine(LineEnd.Entered, line);
    }
}

using System.Text;

namespace Puna.Cli.Terminal;

/// <summary>Streams generated text to stdout, flushed piece by piece.</summary>
internal sealed class TextStream : IDisposable
{
    private readonly TextWriter _output = new StreamWriter(
        StandardStreams.OpenOutput(),
        new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)
    );

    private bool _first = true;

    /// <summary>Writes a piece of text.</summary>
    public void Write(ReadOnlySpan<char> text)
    {
        if (!text.IsEmpty)
        {
            _output.Write(text);
            _output.Flush();
        }
    }

    /// <summary>Writes one id of a model that has no tokenizer.</summary>
    public void WriteId(int id)
    {
        _output.Write(_first ? $"{id}" : $" {id}");
        _output.Flush();
        _first = false;
    }

    /// <summary>Ends the text with a line end.</summary>
    public void End()
    {
        _output.Write('\n');
        _output.Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _output.Dispose();
}

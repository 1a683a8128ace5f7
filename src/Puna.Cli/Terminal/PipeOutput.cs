using Microsoft.Win32.SafeHandles;
using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>
/// Standard output where it is a pipe. The runtime's own stream goes on in silence when the reader of a pipe is gone, and
/// an answer would be computed to its end for nobody.
/// </summary>
internal sealed class PipeOutput : Stream
{
    // Linux writes so many bytes to a pipe as a whole or not at all.
    private const int Piece = 4096;
    private const int WouldBlock = 11;
    private readonly FileStream _pipe;
    private readonly Stream _patient = Console.OpenStandardOutput();

    private PipeOutput(FileStream pipe) => _pipe = pipe;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The stream, or null when standard output is no pipe.</summary>
    public static PipeOutput? TryOpen()
    {
        if (!OperatingSystem.IsLinux() || !Console.IsOutputRedirected)
        {
            return null;
        }

        var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, 0);
        if (!pipe.CanSeek)
        {
            return new PipeOutput(pipe);
        }

        pipe.Dispose();
        return null;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) =>
        Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    /// <exception cref="InputException">Nobody reads any more.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var piece = buffer[..Math.Min(Piece, buffer.Length)];
            buffer = buffer[piece.Length..];
            try
            {
                _pipe.Write(piece);
            }
            catch (IOException failure) when (failure.HResult == WouldBlock)
            {
                _patient.Write(piece);
            }
            catch (IOException failure)
            {
                throw new InputException(
                    $"Standard output takes no more: {failure.Message.TrimEnd('.')}.",
                    failure
                );
            }
        }
    }

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}

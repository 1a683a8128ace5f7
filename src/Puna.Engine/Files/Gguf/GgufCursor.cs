using System.Buffers.Binary;
using System.Text;
using Puna.Engine.Files.Storage;

namespace Puna.Engine.Files.Gguf;

/// <summary>Reads the little-endian header of a GGUF file from front to back and never past its end.</summary>
/// <param name="file">The file.</param>
/// <param name="length">Bytes of it that may belong to the header.</param>
internal sealed class GgufCursor(InputFile file, int length)
{
    private const int WindowBytes = 1 << 18;
    private readonly string _path = file.Path;
    private byte[] _window = [];
    private int _windowStart;
    private int _windowLength;

    /// <summary>Where the next byte will be read.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes that are left.</summary>
    public int Left => length - Position;

    /// <summary>The next bytes, valid until more are taken.</summary>
    public ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > Left)
        {
            throw new InputException(
                $"'{_path}' is cut off or damaged: its header asks for {(ulong)count} bytes at {Position}, where only {Left} are left."
            );
        }

        if (Position + count > _windowStart + (long)_windowLength || Position < _windowStart)
        {
            Fill((int)count);
        }

        var part = _window.AsSpan(Position - _windowStart, (int)count);
        Position += (int)count;
        return part;
    }

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Skips a string: a 64-bit length, then UTF-8.</summary>
    public void SkipString() => Skip(UInt64(), 1);

    /// <summary>A name of at most <paramref name="longest"/> bytes.</summary>
    public string Name(int longest, string what)
    {
        var bytes = UInt64();
        if (bytes == 0 || bytes > (ulong)longest)
        {
            throw new InputException(
                $"'{_path}' is damaged: {what} has a name of {bytes} bytes; 1 to {longest} are accepted."
            );
        }

        return Encoding.UTF8.GetString(Take((long)bytes));
    }

    /// <summary>Skips <paramref name="count"/> elements of <paramref name="size"/> bytes.</summary>
    public void Skip(ulong count, int size)
    {
        // Division, not multiplication: a count of 2^63 must not wrap around.
        if (count > (ulong)(Left / size))
        {
            throw new InputException(
                $"'{_path}' is cut off or damaged: an array of {count} elements of {size} bytes is announced at {Position}, where only {Left} bytes are left."
            );
        }

        Position += (int)count * size;
    }

    private void Fill(int count)
    {
        _windowStart = Position;
        _windowLength = Math.Min(Math.Max(WindowBytes, count), Left);
        if (_window.Length < _windowLength)
        {
            _window = new byte[_windowLength];
        }

        file.Read(_windowStart, _window.AsSpan(0, _windowLength));
    }
}

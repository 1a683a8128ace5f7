using System.Buffers.Binary;
using System.Text;

namespace Puna.Engine.Files.Gguf;

/// <summary>Reads the little-endian header of a GGUF file from front to back and never past its end.</summary>
internal ref struct GgufCursor(ReadOnlySpan<byte> bytes, string path)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly string _path = path;

    /// <summary>Where the next byte will be read.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes that are left.</summary>
    public readonly int Left => _bytes.Length - Position;

    public ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > Left)
        {
            throw new InputException(
                $"'{_path}' is cut off or damaged: its header asks for {(ulong)count} bytes at {Position}, where only {Left} are left."
            );
        }

        var part = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return part;
    }

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>Bytes of a string: a 64-bit length, then UTF-8.</summary>
    public ReadOnlySpan<byte> StringBytes()
    {
        var length = UInt64();
        return Take(length > int.MaxValue ? -1 : (long)length);
    }

    /// <summary>A name of at most <paramref name="longest"/> bytes.</summary>
    public string Name(int longest, string what)
    {
        var name = StringBytes();
        if (name.Length == 0 || name.Length > longest)
        {
            throw new InputException(
                $"'{_path}' is damaged: {what} has a name of {name.Length} bytes; 1 to {longest} are accepted."
            );
        }

        return Encoding.UTF8.GetString(name);
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
}

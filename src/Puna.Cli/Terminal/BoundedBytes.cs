using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>Reads streams that may have no end.</summary>
internal static class BoundedBytes
{
    private const int FirstRoom = 1 << 16;

    /// <summary>All bytes of a stream.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="largest">The most that are taken.</param>
    /// <param name="source">What the stream is, for the message.</param>
    /// <exception cref="InputException">There are more.</exception>
    public static ReadOnlySpan<byte> ReadAll(Stream stream, int largest, string source)
    {
        var expected = stream.CanSeek ? stream.Length : 0;
        if (expected > largest)
        {
            throw TooLong(largest, source);
        }

        // One more than is expected, so that the end is met without more room.
        var bytes = new byte[Math.Max(FirstRoom, expected + 1)];
        var length = 0;
        int read;
        while ((read = stream.Read(bytes, length, bytes.Length - length)) > 0)
        {
            length += read;
            if (length > largest)
            {
                throw TooLong(largest, source);
            }

            if (length == bytes.Length)
            {
                Array.Resize(ref bytes, (int)Math.Min(2L * length, largest + 1L));
            }
        }

        return bytes.AsSpan(0, length);
    }

    private static InputException TooLong(int largest, string source) =>
        new($"{source} is longer than {largest >> 20} MiB, the most that is taken.");
}

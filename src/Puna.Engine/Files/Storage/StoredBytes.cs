namespace Puna.Engine.Files.Storage;

/// <summary>Where the bytes of a stored tensor are. Safe to read from several threads.</summary>
/// <param name="length">How many there are.</param>
public abstract class StoredBytes(long length)
{
    /// <summary>How many there are.</summary>
    public long Length { get; } = length;

    /// <summary>Fills <paramref name="target"/> with the bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="InputException">They cannot be read, or were changed since the file was opened.</exception>
    internal abstract void Read(long offset, Span<byte> target);

    /// <summary>A copy of all bytes, of a tensor that is small.</summary>
    /// <exception cref="InputException">They cannot be read, or were changed since the file was opened.</exception>
    internal byte[] ToArray()
    {
        var bytes = new byte[Length];
        Read(0, bytes);
        return bytes;
    }
}

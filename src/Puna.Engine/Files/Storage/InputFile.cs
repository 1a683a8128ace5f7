using Microsoft.Win32.SafeHandles;

namespace Puna.Engine.Files.Storage;

/// <summary>
/// A file that a user named, read where it is needed and never mapped: a page of a mapping whose file is cut off ends the
/// process without a word, a read ends early and can be told. Weights are copied anyway, since they are repacked.
/// Safe to read from several threads.
/// </summary>
internal sealed class InputFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly DateTime _written;

    private InputFile(string path)
    {
        Path = path;
        _handle = File.OpenHandle(path);
        Length = RandomAccess.GetLength(_handle);
        _written = File.GetLastWriteTimeUtc(_handle);
    }

    /// <summary>The path it was opened with.</summary>
    public string Path { get; }

    /// <summary>Length in bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens a regular file that has content.</summary>
    /// <exception cref="InputException">There is none, or it cannot be read.</exception>
    public static InputFile Open(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new InputException("A path with a zero character names no file.");
        }

        try
        {
            // Devices and pipes have no length; opening a pipe would wait for a writer.
            var found = new FileInfo(path);
            if (!found.Exists)
            {
                throw new InputException(
                    Directory.Exists(path)
                        ? $"'{path}' is a folder where a file is needed."
                        : $"There is no file '{path}'."
                );
            }

            if (found.ResolveLinkTarget(returnFinalTarget: true) is FileInfo target)
            {
                found = target;
            }

            return found.Length > 0
                ? new InputFile(path)
                : throw new InputException($"'{path}' is empty.");
        }
        catch (Exception fault)
            when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unreadable(path, fault);
        }
    }

    /// <summary>Fills <paramref name="target"/> with the bytes from <paramref name="offset"/> on.</summary>
    /// <exception cref="InputException">The file was changed since it was opened, or cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie inside the file.</exception>
    public void Read(long offset, Span<byte> target)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - target.Length);
        try
        {
            while (!target.IsEmpty)
            {
                var read = RandomAccess.Read(_handle, target, offset);
                if (read == 0)
                {
                    throw Changed();
                }

                target = target[read..];
                offset += read;
            }

            // Behind the read: whatever was written before it has moved one of the two.
            if (
                RandomAccess.GetLength(_handle) != Length
                || File.GetLastWriteTimeUtc(_handle) != _written
            )
            {
                throw Changed();
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(Path, fault);
        }
    }

    /// <summary>A copy of the bytes from <paramref name="offset"/> on.</summary>
    /// <inheritdoc cref="Read(long, Span{byte})"/>
    public byte[] Read(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        var bytes = new byte[length];
        Read(offset, bytes);
        return bytes;
    }

    /// <summary>The first bytes, at most <paramref name="most"/> of them.</summary>
    /// <inheritdoc cref="Read(long, Span{byte})"/>
    public byte[] Start(int most) => Read(0, (int)Math.Min(most, Length));

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private InputException Changed() =>
        new(
            $"'{Path}' was changed while it was read: it had {Length} bytes when it was opened; leave it alone until the command has ended."
        );

    private static InputException Unreadable(string path, Exception fault) =>
        new($"'{path}' cannot be read: {fault.Message}", fault);
}

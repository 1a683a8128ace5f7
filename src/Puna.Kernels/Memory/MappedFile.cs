using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Puna.Kernels.Memory;

/// <summary>A file mapped read-only into memory: its pages are read when touched and can be given back.</summary>
public sealed unsafe partial class MappedFile : IDisposable
{
    private const int AdviseSequential = 2;
    private const int AdviseDontNeed = 4;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly byte* _pointer;
    private bool _disposed;

    private MappedFile(string path)
    {
        Path = path;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        Length = stream.Length;
        if (Length == 0)
        {
            return;
        }

        _file = MemoryMappedFile.CreateFromFile(
            stream,
            null,
            0,
            MemoryMappedFileAccess.Read,
            HandleInheritability.None,
            leaveOpen: false
        );
        _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        _pointer = pointer + _view.PointerOffset;
    }

    /// <summary>The path it was opened with.</summary>
    public string Path { get; }

    /// <summary>Length of the file in bytes.</summary>
    public long Length { get; }

    /// <summary>All bytes of the file.</summary>
    public NativeSpan<byte> Bytes => new(_pointer, Length);

    /// <summary>Maps a file.</summary>
    /// <exception cref="IOException">The file cannot be opened or mapped.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a directory.</exception>
    public static MappedFile Open(string path) => new(path);

    /// <summary>Tells the system that the whole file will be read once from front to back.</summary>
    public void ReadAhead() => Advise(0, Length, AdviseSequential);

    /// <summary>
    /// Gives the pages that lie wholly inside the range back to the system, so that they no longer count as
    /// resident. The bytes stay readable: touching them reads the file again.
    /// </summary>
    public void GiveBack(long offset, long length) => Advise(offset, length, AdviseDontNeed);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _view?.SafeMemoryMappedViewHandle.ReleasePointer();
        _view?.Dispose();
        _file?.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(void* address, nuint length, int advice);

    private void Advise(long offset, long length, int advice)
    {
        if (!OperatingSystem.IsLinux() || _pointer == null || length <= 0)
        {
            return;
        }

        var page = Environment.SystemPageSize;
        var start = ((nint)_pointer + (nint)offset + page - 1) / page * page;
        var end = ((nint)_pointer + (nint)(offset + length)) / page * page;
        if (end > start)
        {
            _ = MemoryAdvise((void*)start, (nuint)(end - start), advice);
        }
    }
}

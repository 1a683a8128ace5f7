using System.Runtime.InteropServices;

namespace Puna.Kernels.Memory;

/// <summary>Owned unmanaged memory, aligned to 64 bytes, counted by <see cref="NativeMemoryMeter"/>.</summary>
/// <typeparam name="T">Element type.</typeparam>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const int Alignment = 64;

    // From 32 MiB on: smaller buffers are work space, of which a short prompt touches only the first rows.
    private const long HugeFrom = 16L * HugePages.Size;
    private T* _pointer;
    private void* _block;

    /// <summary>
    /// Allocates <paramref name="length"/> elements, set to zero unless told otherwise. Large buffers, and those for
    /// which <paramref name="hugePages"/> says so, are backed by pages of 2 MiB where the system has them.
    /// </summary>
    /// <exception cref="OutOfMemoryException">The system has no such memory.</exception>
    public NativeBuffer(long length, bool clear = true, bool hugePages = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;

        // A whole number of cache lines, so that a kernel may read the line in which the last element lies.
        var bytes = checked((length * sizeof(T) + Alignment - 1) / Alignment * Alignment);
        Bytes = bytes;
        if (bytes == 0)
        {
            return;
        }

        // The system hands out large zeroed blocks without touching them: memory that is never used never becomes
        // resident. An aligned allocation that is cleared by hand would be resident at once.
        var huge = hugePages || bytes >= HugeFrom;
        var alignment = (nuint)(huge ? HugePages.Size : Alignment);
        var whole = ((nuint)bytes + alignment - 1) / alignment * alignment;
        var room = whole + alignment;
        _block = clear ? NativeMemory.AllocZeroed(room) : NativeMemory.Alloc(room);
        _pointer = (T*)(((nuint)_block + alignment - 1) / alignment * alignment);
        if (huge)
        {
            HugePages.Advise(_pointer, whole);
        }

        NativeMemoryMeter.Add(bytes);
    }

    /// <summary>A buffer inside memory that someone else owns and counts.</summary>
    internal NativeBuffer(NativeSpan<T> borrowed, long bytes)
    {
        _pointer = borrowed.Pointer;
        Length = borrowed.Length;
        Bytes = bytes;
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees memory that was forgotten.</summary>
    ~NativeBuffer() => Free();

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>Bytes really allocated: the elements, rounded up to whole cache lines.</summary>
    public long Bytes { get; }

    /// <summary>All elements.</summary>
    public NativeSpan<T> Span => new(_pointer, Length);

    /// <summary>Returns the memory to the system; views made of it must not be used after.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_block != null)
        {
            NativeMemory.Free(_block);
            _block = null;
            NativeMemoryMeter.Add(-Bytes);
        }

        _pointer = null;
    }
}

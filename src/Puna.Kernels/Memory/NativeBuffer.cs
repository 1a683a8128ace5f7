using System.Runtime.InteropServices;

namespace Puna.Kernels.Memory;

/// <summary>Owned unmanaged memory, aligned to 64 bytes, counted by <see cref="NativeMemoryMeter"/>.</summary>
/// <typeparam name="T">Element type.</typeparam>
public sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const int Alignment = 64;
    private T* _pointer;

    /// <summary>Allocates <paramref name="length"/> elements, set to zero unless told otherwise.</summary>
    /// <exception cref="OutOfMemoryException">The system has no such memory.</exception>
    public NativeBuffer(long length, bool clear = true)
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

        var huge = bytes >= 2 * HugePages.Size;
        _pointer = (T*)
            NativeMemory.AlignedAlloc((nuint)bytes, (nuint)(huge ? HugePages.Size : Alignment));
        if (huge)
        {
            HugePages.Advise(_pointer, (nuint)bytes);
        }

        if (clear)
        {
            NativeMemory.Clear(_pointer, (nuint)bytes);
        }

        NativeMemoryMeter.Add(bytes);
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
        if (_pointer != null)
        {
            NativeMemory.AlignedFree(_pointer);
            _pointer = null;
            NativeMemoryMeter.Add(-Bytes);
        }
    }
}

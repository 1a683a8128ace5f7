using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Puna.Kernels.Memory;

/// <summary>
/// A view over unmanaged memory that, unlike <see cref="Span{T}"/>, may be longer than 2^31 elements and may be
/// stored in fields. It does not own what it shows: the <see cref="NativeBuffer{T}"/> behind it must outlive it.
/// </summary>
/// <typeparam name="T">Element type.</typeparam>
public readonly unsafe struct NativeSpan<T>
    where T : unmanaged
{
    /// <summary>Address of the first element.</summary>
    public readonly T* Pointer;

    /// <summary>Number of elements.</summary>
    public readonly long Length;

    /// <summary>Makes a view of <paramref name="length"/> elements at <paramref name="pointer"/>.</summary>
    public NativeSpan(T* pointer, long length)
    {
        Pointer = pointer;
        Length = length;
    }

    /// <summary>True when there is no element.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>The bytes covered.</summary>
    public long Bytes => Length * sizeof(T);

    /// <summary>Element <paramref name="index"/>; checked only in debug builds.</summary>
    public ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            Debug.Assert((ulong)index < (ulong)Length);
            return ref Pointer[index];
        }
    }

    /// <summary>The same memory as a span.</summary>
    /// <exception cref="OverflowException">There are more than 2^31 - 1 elements.</exception>
    public Span<T> Span => new(Pointer, checked((int)Length));

    /// <summary>The part that starts at <paramref name="start"/> and runs to the end.</summary>
    public NativeSpan<T> Slice(long start) => Slice(start, Length - start);

    /// <summary>The part of <paramref name="length"/> elements that starts at <paramref name="start"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the view.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NativeSpan<T> Slice(long start, long length)
    {
        if (start < 0 || length < 0 || start > Length - length)
        {
            ThrowOutside(start, length);
        }

        return new NativeSpan<T>(Pointer + start, length);
    }

    /// <summary>The same bytes read as elements of another type; a remainder is dropped.</summary>
    public NativeSpan<TOther> Cast<TOther>()
        where TOther : unmanaged => new((TOther*)Pointer, Bytes / sizeof(TOther));

    [DoesNotReturn]
    private void ThrowOutside(long start, long length) =>
        throw new ArgumentOutOfRangeException(
            nameof(start),
            $"A part of {length} elements at {start} was asked of a view of {Length}."
        );
}

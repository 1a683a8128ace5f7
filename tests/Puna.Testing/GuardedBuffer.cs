using Puna.Kernels.Emitted;
using Puna.Kernels.Memory;

namespace Puna.Testing;

/// <summary>
/// Memory that ends exactly where an unreadable page begins: one element read or written too far ends the test run
/// with a fault instead of going unnoticed. Linux only; the test is skipped elsewhere.
/// </summary>
/// <typeparam name="T">Element type.</typeparam>
public sealed unsafe class GuardedBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly byte* _base;
    private readonly nuint _size;

    /// <summary>Allocates zeros with an unreadable page on both sides.</summary>
    /// <param name="length">Elements.</param>
    /// <param name="atEnd">True to touch the page behind, false to touch the page before.</param>
    public GuardedBuffer(int length, bool atEnd = true)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "guard pages are set up with mmap");
        var page = Environment.SystemPageSize;
        var bytes = length * sizeof(T);
        var inner = (bytes + page - 1) / page * page;
        _size = (nuint)(inner + 2 * page);
        _base = GuardPages.Map(_size);
        GuardPages.Protect(_base, page);
        GuardPages.Protect(_base + page + inner, page);
        Span = new NativeSpan<T>((T*)(_base + page + (atEnd ? inner - bytes : 0)), length);
    }

    /// <summary>Allocates a copy.</summary>
    public GuardedBuffer(ReadOnlySpan<T> values, bool atEnd = true)
        : this(values.Length, atEnd) => values.CopyTo(Span.Span);

    /// <summary>The elements.</summary>
    public NativeSpan<T> Span { get; }

    /// <summary>Address of the first element.</summary>
    public T* Pointer => Span.Pointer;

    /// <summary>A copy of the elements.</summary>
    public T[] ToArray() => Span.Span.ToArray();

    public void Dispose() => GuardPages.Unmap(_base, _size);
}

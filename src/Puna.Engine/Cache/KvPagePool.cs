using System.Numerics;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// Ref-counted pages of one size, cut from slabs of native memory. A page id is an index. A page given back is
/// cleared before the next holder sees it, so that nothing of one request can reach another or a file.
/// </summary>
internal sealed class KvPagePool : IDisposable
{
    // Many pages of 2 MiB, which become resident one by one; small against a model.
    private const long SlabTarget = 16L << 20;
    private readonly List<NativeBuffer<byte>> _slabs = [];
    private readonly int _slabShift;
    private readonly long? _limit;
    private int[] _references = [];
    private int[] _free = [];
    private int _freeCount;
    private int _capacity;
    private bool _disposed;

    public KvPagePool(long pageBytes, long? limit)
    {
        PageBytes = pageBytes;
        _limit = limit;
        // With a tight limit, smaller slabs come nearer to it.
        var target = Math.Min(SlabTarget, (limit ?? long.MaxValue) / 4);
        var pages = Math.Clamp(target / pageBytes, 1, 1 << 16);
        _slabShift = BitOperations.Log2((ulong)pages);
    }

    public long PageBytes { get; }

    public int Free => _freeCount;

    public int Live => _capacity - _freeCount;

    public int Capacity => _capacity;

    public long ReservedBytes { get; private set; }

    /// <summary>Asked to give back pages when no more can be allocated; returns how many it gave.</summary>
    public Func<int, int>? Reclaim { get; set; }

    /// <summary>Makes sure that <paramref name="pages"/> calls of <see cref="Rent"/> succeed.</summary>
    /// <exception cref="CacheFullException">They cannot; nothing was changed for any holder.</exception>
    public void EnsureFree(int pages)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        while (_freeCount < pages)
        {
            if (TryGrow(out var failure))
            {
                continue;
            }

            var missing = pages - _freeCount;
            if (Reclaim is { } reclaim && reclaim(missing) > 0)
            {
                continue;
            }

            var needed = $"The KV cache needs {missing} more pages of {PageBytes} bytes";
            throw failure is null
                ? new CacheFullException(
                    $"{needed}, but its limit is {_limit} bytes and {Live} pages are in use; shorten the context, choose a smaller KV format or raise the limit."
                )
                : new CacheFullException(
                    $"{needed} beside the {ReservedBytes} bytes it has, and the system has no such memory; shorten the context or choose a smaller KV format.",
                    failure
                );
        }
    }

    public int Rent()
    {
        EnsureFree(1);
        var page = _free[--_freeCount];
        _references[page] = 1;
        Page(page).Span.Clear();
        return page;
    }

    /// <summary>A page for a holder who overwrites all of it with the bytes of <paramref name="source"/>.</summary>
    public int RentCopy(int source)
    {
        EnsureFree(1);
        var page = _free[--_freeCount];
        _references[page] = 1;
        Page(source).Span.CopyTo(Page(page).Span);
        return page;
    }

    public int References(int page) => _references[page];

    public void Retain(int page) => _references[page]++;

    public void Release(int page)
    {
        if (_disposed)
        {
            return;
        }

        if (--_references[page] == 0)
        {
            _free[_freeCount++] = page;
        }
    }

    public NativeSpan<byte> Page(int page)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var inSlab = page & ((1 << _slabShift) - 1);
        return _slabs[page >> _slabShift].Span.Slice(inSlab * PageBytes, PageBytes);
    }

    /// <summary>Live pages that have more than one holder.</summary>
    public int CountShared()
    {
        var count = 0;
        for (var page = 0; page < _capacity; page++)
        {
            count += _references[page] > 1 ? 1 : 0;
        }

        return count;
    }

    public void Dispose()
    {
        _disposed = true;
        foreach (var slab in _slabs)
        {
            slab.Dispose();
        }

        _slabs.Clear();
    }

    private bool TryGrow(out Exception? failure)
    {
        failure = null;
        var pages = 1 << _slabShift;
        var bytes = pages * PageBytes;
        if (ReservedBytes + bytes > _limit || _capacity > int.MaxValue - pages)
        {
            return false;
        }

        NativeBuffer<byte> slab;
        try
        {
            // A sequence at depth reads its pages all over memory: translations of 4 KiB each are felt.
            slab = new NativeBuffer<byte>(bytes, clear: false, hugePages: true);
        }
        catch (OutOfMemoryException exception)
        {
            failure = exception;
            return false;
        }

        _slabs.Add(slab);
        ReservedBytes += slab.Bytes;
        if (_references.Length < _capacity + pages)
        {
            var length = Math.Max(_capacity + pages, _references.Length * 2);
            Array.Resize(ref _references, length);
            Array.Resize(ref _free, length);
        }

        // The lowest id lies on top: a run of new pages then lies in memory in the order of its tokens.
        for (var index = pages - 1; index >= 0; index--)
        {
            _free[_freeCount++] = _capacity + index;
        }

        _capacity += pages;
        return true;
    }
}

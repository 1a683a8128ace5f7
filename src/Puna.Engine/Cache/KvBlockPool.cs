using System.Numerics;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// Ref-counted blocks of one size, cut from slabs of native memory. A block id is an index. A block given back is
/// cleared before the next holder sees it, so that nothing of one request can reach another or a file.
/// </summary>
internal sealed class KvBlockPool : IDisposable
{
    // Many blocks of 2 MiB, which become resident one by one; small against a model.
    private const long SlabTarget = 16L << 20;
    private readonly List<NativeBuffer<byte>> _slabs = [];
    private readonly int _slabShift;
    private readonly long? _limit;
    private int[] _references = [];
    private int[] _free = [];
    private int _freeCount;
    private int _capacity;
    private bool _disposed;

    public KvBlockPool(long blockBytes, long? limit)
    {
        BlockBytes = blockBytes;
        _limit = limit;
        // With a tight limit, smaller slabs come nearer to it.
        var target = Math.Min(SlabTarget, (limit ?? long.MaxValue) / 4);
        var blocks = Math.Clamp(target / blockBytes, 1, 1 << 16);
        _slabShift = BitOperations.Log2((ulong)blocks);
    }

    public long BlockBytes { get; }

    public int Free => _freeCount;

    public int Live => _capacity - _freeCount;

    public int Capacity => _capacity;

    public long ReservedBytes { get; private set; }

    /// <summary>Asked to give back blocks when no more can be allocated; returns how many it gave.</summary>
    public Func<int, int>? Reclaim { get; set; }

    /// <summary>Makes sure that <paramref name="blocks"/> calls of <see cref="Rent"/> succeed.</summary>
    /// <exception cref="CacheFullException">They cannot; nothing was changed for any holder.</exception>
    public void EnsureFree(int blocks)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        while (_freeCount < blocks)
        {
            if (TryGrow(out var failure))
            {
                continue;
            }

            var missing = blocks - _freeCount;
            if (Reclaim is { } reclaim && reclaim(missing) > 0)
            {
                continue;
            }

            var needed = $"The KV cache needs {missing} more blocks of {BlockBytes} bytes";
            throw failure is null
                ? new CacheFullException(
                    $"{needed}, but its limit is {_limit} bytes and {Live} blocks are in use; shorten the context, choose a smaller KV format or raise the limit."
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
        var block = _free[--_freeCount];
        _references[block] = 1;
        Block(block).Span.Clear();
        return block;
    }

    /// <summary>A block for a holder who overwrites all of it with the bytes of <paramref name="source"/>.</summary>
    public int RentCopy(int source)
    {
        EnsureFree(1);
        var block = _free[--_freeCount];
        _references[block] = 1;
        Block(source).Span.CopyTo(Block(block).Span);
        return block;
    }

    public int References(int block) => _references[block];

    public void Retain(int block) => _references[block]++;

    public void Release(int block)
    {
        if (_disposed)
        {
            return;
        }

        if (--_references[block] == 0)
        {
            _free[_freeCount++] = block;
        }
    }

    public NativeSpan<byte> Block(int block)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var inSlab = block & ((1 << _slabShift) - 1);
        return _slabs[block >> _slabShift].Span.Slice(inSlab * BlockBytes, BlockBytes);
    }

    /// <summary>Live blocks that have more than one holder.</summary>
    public int CountShared()
    {
        var count = 0;
        for (var block = 0; block < _capacity; block++)
        {
            count += _references[block] > 1 ? 1 : 0;
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
        var blocks = 1 << _slabShift;
        var bytes = blocks * BlockBytes;
        if (ReservedBytes + bytes > _limit || _capacity > int.MaxValue - blocks)
        {
            return false;
        }

        NativeBuffer<byte> slab;
        try
        {
            // A sequence at depth reads its blocks all over memory: translations of 4 KiB each are felt.
            slab = new NativeBuffer<byte>(bytes, clear: false, hugePages: true);
        }
        catch (OutOfMemoryException exception)
        {
            failure = exception;
            return false;
        }

        _slabs.Add(slab);
        ReservedBytes += slab.Bytes;
        if (_references.Length < _capacity + blocks)
        {
            var length = Math.Max(_capacity + blocks, _references.Length * 2);
            Array.Resize(ref _references, length);
            Array.Resize(ref _free, length);
        }

        // The lowest id lies on top: a run of new blocks then lies in memory in the order of its tokens.
        for (var index = blocks - 1; index >= 0; index--)
        {
            _free[_freeCount++] = _capacity + index;
        }

        _capacity += blocks;
        return true;
    }
}

using System.Numerics;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// Ref-counted blocks of one size, cut from slabs of native memory. A block id is an index. A block given back is
/// cleared before the next holder sees it, so that nothing of one request can reach another or a file.
/// </summary>
internal sealed class KvBlockPool : IDisposable
{
    private readonly KvMemory _memory;
    private readonly List<NativeBuffer<byte>> _slabs = [];
    private readonly List<int> _countedCopies = [];
    private readonly int _slabShift;
    private int[] _references = [];
    private int[] _copies = [];
    private int[] _free = [];
    private int _freeCount;
    private int _capacity;
    private bool _disposed;

    /// <summary>Makes an empty pool.</summary>
    /// <param name="blockBytes">Bytes of a block.</param>
    /// <param name="slabBlocks">Most blocks of a slab; the next power of two below it is taken.</param>
    /// <param name="memory">Whose limit it obeys.</param>
    public KvBlockPool(long blockBytes, int slabBlocks, KvMemory memory)
    {
        BlockBytes = blockBytes;
        _memory = memory;
        _slabShift = BitOperations.Log2((uint)slabBlocks);
    }

    public long BlockBytes { get; }

    public int Free => _freeCount;

    public int Live => _capacity - _freeCount;

    public int SlabBlocks => 1 << _slabShift;

    public long SlabBytes => SlabBlocks * BlockBytes;

    public long ReservedBytes { get; private set; }

    /// <summary>Bytes of the slabs that must be added before so many blocks are free.</summary>
    public long GrowthFor(long blocks) =>
        (Math.Max(0, blocks - Free) + SlabBlocks - 1) / SlabBlocks * SlabBytes;

    public int Rent()
    {
        _memory.Ensure(this, 1);
        var block = _free[--_freeCount];
        _references[block] = 1;
        Block(block).Span.Clear();
        return block;
    }

    /// <summary>A block for a holder who overwrites all of it with the bytes of <paramref name="source"/>.</summary>
    public int RentCopy(int source)
    {
        _memory.Ensure(this, 1);
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

    /// <summary>
    /// Whether a holder who writes to a block must copy it, when each holder counted before does so first: the last one
    /// needs no copy.
    /// </summary>
    public bool CountCopy(int block)
    {
        if (_references[block] - _copies[block] <= 1)
        {
            return false;
        }

        _copies[block]++;
        _countedCopies.Add(block);
        return true;
    }

    /// <summary>Begins a new count of copies.</summary>
    public void ForgetCounts()
    {
        foreach (var block in _countedCopies)
        {
            _copies[block] = 0;
        }

        _countedCopies.Clear();
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

    /// <summary>Adds a slab of free blocks, unless the limit forbids it or the system has no memory.</summary>
    public bool TryGrow(out Exception? failure)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        failure = null;
        var blocks = SlabBlocks;
        var bytes = blocks * BlockBytes;
        if (bytes > _memory.Headroom || _capacity > int.MaxValue - blocks)
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
            Array.Resize(ref _copies, length);
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

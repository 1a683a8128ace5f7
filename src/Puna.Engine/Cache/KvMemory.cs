namespace Puna.Engine.Cache;

/// <summary>
/// The pools of a cache, one for each block size, under one limit, and the owners who give blocks back when they are
/// short. Room for many sequences is made in two steps: what all of them need is counted, then ensured at once, so that a
/// batch for which there is no room changes nobody.
/// </summary>
internal sealed class KvMemory : IDisposable
{
    // Many blocks of 2 MiB, which become resident one by one; small against a model.
    private const long SlabTarget = 16L << 20;
    private readonly KvBlockPool[] _pools;
    private readonly int[] _needed;
    private readonly List<IKvReclaimer> _reclaimers = [];

    public KvMemory(KvLayout layout, long? limit)
    {
        Limit = limit;
        _pools = new KvBlockPool[layout.Pools.Length];
        _needed = new int[_pools.Length];
        // With a tight limit, smaller slabs come nearer to it: 32 tokens always fit, for which each lane takes a block.
        var target = Math.Min(SlabTarget, (limit ?? long.MaxValue) / 4);
        var rows = target / layout.BlockBytes;
        for (var pool = 0; pool < _pools.Length; pool++)
        {
            var lanes = 0;
            foreach (var lane in layout.Lanes)
            {
                lanes += lane.Pool == pool ? 1 : 0;
            }

            var blocks = (int)Math.Clamp(rows * lanes, 1, 1 << 16);
            _pools[pool] = new KvBlockPool(layout.Pools[pool].BlockBytes, blocks, this);
        }
    }

    public long? Limit { get; }

    public ReadOnlySpan<KvBlockPool> Pools => _pools;

    public long ReservedBytes
    {
        get
        {
            var bytes = 0L;
            foreach (var pool in _pools)
            {
                bytes += pool.ReservedBytes;
            }

            return bytes;
        }
    }

    /// <summary>Bytes that the limit still allows to allocate.</summary>
    public long Headroom => Limit is { } limit ? limit - ReservedBytes : long.MaxValue;

    /// <summary>Differs for each count, so that a sequence can tell whether it was counted before.</summary>
    public long CountId { get; private set; }

    /// <summary>Asked in the order in which they were added.</summary>
    public void Add(IKvReclaimer reclaimer) => _reclaimers.Add(reclaimer);

    public void Remove(IKvReclaimer reclaimer) => _reclaimers.Remove(reclaimer);

    /// <summary>Begins to count what a batch needs.</summary>
    public void StartCount()
    {
        CountId++;
        Array.Clear(_needed);
        foreach (var pool in _pools)
        {
            pool.ForgetCounts();
        }
    }

    /// <summary>Counts blocks that will be rented from a pool.</summary>
    public void Count(int pool, int blocks) => _needed[pool] += blocks;

    /// <summary>
    /// Makes sure that what was counted can be rented. False when somebody gave blocks back, which may have changed what
    /// is needed: count again.
    /// </summary>
    /// <exception cref="CacheFullException">There is no such memory; nothing was changed for any holder.</exception>
    public bool TryEnsure()
    {
        for (var pool = 0; pool < _pools.Length; pool++)
        {
            while (_pools[pool].Free < _needed[pool])
            {
                if (!GrowOrReclaim(_pools[pool], _needed[pool] - _pools[pool].Free))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Makes sure that so many blocks of a pool can be rented.</summary>
    /// <exception cref="CacheFullException">They cannot; nothing was changed for any holder.</exception>
    public void Ensure(KvBlockPool pool, int blocks)
    {
        while (pool.Free < blocks)
        {
            _ = GrowOrReclaim(pool, blocks - pool.Free);
        }
    }

    /// <summary>Blocks of a pool that someone would give back without loss.</summary>
    public long Reclaimable(KvBlockPool pool)
    {
        var blocks = 0L;
        foreach (var reclaimer in _reclaimers)
        {
            blocks += reclaimer.Reclaimable(pool);
        }

        return blocks;
    }

    public void Dispose()
    {
        foreach (var pool in _pools)
        {
            pool.Dispose();
        }
    }

    /// <summary>True when the pool grew, false when somebody gave blocks of it back.</summary>
    private bool GrowOrReclaim(KvBlockPool pool, int missing)
    {
        if (pool.TryGrow(out var failure))
        {
            return true;
        }

        foreach (var reclaimer in _reclaimers)
        {
            if (reclaimer.Reclaim(pool, missing) > 0)
            {
                return false;
            }
        }

        var needed = $"The KV cache needs {missing} more blocks of {pool.BlockBytes} bytes";
        throw failure is null
            ? new CacheFullException(
                $"{needed}, but its limit is {Limit} bytes and {pool.Live} blocks are in use; shorten the context, choose a smaller KV format or raise the limit."
            )
            : new CacheFullException(
                $"{needed} beside the {ReservedBytes} bytes it has, and the system has no such memory; shorten the context or choose a smaller KV format.",
                failure
            );
    }
}

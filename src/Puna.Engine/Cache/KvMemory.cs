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
        var rows = target / layout.RowBytes;
        for (var pool = 0; pool < _pools.Length; pool++)
        {
            var lanes = 0;
            foreach (var lane in layout.Lanes)
            {
                lanes += layout.Layouts(lane.Index).Count(form => form.Pool == pool);
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
            var bytes = StateBytes;
            foreach (var pool in _pools)
            {
                bytes += pool.ReservedBytes;
            }

            return bytes;
        }
    }

    /// <summary>Bytes of the states of a fixed size of all sequences.</summary>
    public long StateBytes { get; private set; }

    /// <summary>Bytes that the limit still allows to allocate.</summary>
    public long Headroom => Limit is { } limit ? limit - ReservedBytes : long.MaxValue;

    /// <summary>Differs for each count, so that a sequence can tell whether it was counted before.</summary>
    public long CountId { get; private set; }

    /// <summary>
    /// Asked before those that are there: the policies come with the cache, and whom it costs nothing comes later.
    /// </summary>
    public void Add(IKvReclaimer reclaimer) => _reclaimers.Insert(0, reclaimer);

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
        // No pool takes what another one then lacks: either all of them can grow as they must, or none does.
        var bytes = 0L;
        for (var pool = 0; pool < _pools.Length; pool++)
        {
            bytes += _pools[pool].GrowthFor(_needed[pool]);
        }

        Exception? failure = null;
        for (var pool = 0; pool < _pools.Length; pool++)
        {
            while (_pools[pool].Free < _needed[pool])
            {
                if (bytes > Headroom || !_pools[pool].TryGrow(out failure))
                {
                    Reclaim(_pools[pool], _needed[pool], failure);
                    return false;
                }

                bytes -= _pools[pool].SlabBytes;
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
            if (!pool.TryGrow(out var failure))
            {
                Reclaim(pool, blocks, failure);
            }
        }
    }

    /// <summary>Counts memory for states of a fixed size, which nobody can give back before a sequence ends.</summary>
    /// <exception cref="CacheFullException">The limit forbids it.</exception>
    public void TakeStates(long bytes)
    {
        if (bytes > Headroom)
        {
            throw new CacheFullException(
                $"The states of a sequence need {bytes} more bytes, but the KV cache has {ReservedBytes} of the {Limit} bytes that its limit allows; run fewer sequences or raise the limit."
            );
        }

        StateBytes += bytes;
    }

    /// <summary>Takes memory for states out of the count.</summary>
    public void GiveStates(long bytes) => StateBytes -= bytes;

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

    /// <summary>Has blocks given back, where some are short; the limit may still allow a part of what is missing.</summary>
    private void Reclaim(KvBlockPool pool, int needed, Exception? failure)
    {
        var missing = needed - pool.Free;
        var growable = failure is null ? Headroom / pool.SlabBytes * pool.SlabBlocks : 0;
        var wanted = (int)Math.Max(1, missing - growable);
        foreach (var reclaimer in _reclaimers)
        {
            if (reclaimer.Reclaim(pool, wanted) > 0)
            {
                return;
            }
        }

        var sentence = $"The KV cache needs {missing} more blocks of {pool.BlockBytes} bytes";
        throw failure is null
            ? new CacheFullException(
                $"{sentence}, but its limit is {Limit} bytes and {pool.Live} blocks are in use; shorten the context, choose a smaller KV format or raise the limit."
            )
            : new CacheFullException(
                $"{sentence} beside the {ReservedBytes} bytes it has, and the system has no such memory; shorten the context or choose a smaller KV format.",
                failure
            );
    }
}

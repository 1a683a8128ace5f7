namespace Puna.Engine.Cache;

/// <summary>Asks the policies of a cache to drop slots of its live sequences when blocks are short.</summary>
internal sealed class PolicyReclaimer(KvCache cache) : IKvReclaimer
{
    /// <summary>What a policy drops is a loss, and only it knows how much that would be: none is promised.</summary>
    public int Reclaimable(KvBlockPool pool) => 0;

    /// <inheritdoc/>
    public int Reclaim(KvBlockPool pool, int blocks)
    {
        var before = pool.Free;
        foreach (var sequence in cache.Sequences)
        {
            if (pool.Free - before >= blocks)
            {
                break;
            }

            if (!sequence.IsBusy)
            {
                var missing = blocks - (pool.Free - before);
                cache.Policies.Evict(sequence, missing * pool.BlockBytes);
            }
        }

        return pool.Free - before;
    }
}

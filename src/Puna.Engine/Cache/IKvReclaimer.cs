namespace Puna.Engine.Cache;

/// <summary>An owner of blocks that can give some back when memory is short.</summary>
internal interface IKvReclaimer
{
    /// <summary>Blocks of a pool that it would give back without a loss to anyone.</summary>
    int Reclaimable(KvBlockPool pool);

    /// <summary>Gives back blocks of a pool, as many as are asked for where it can; returns how many became free.</summary>
    int Reclaim(KvBlockPool pool, int blocks);
}

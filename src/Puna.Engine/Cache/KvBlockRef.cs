namespace Puna.Engine.Cache;

/// <summary>A block of a lane: which one of the pool of its form.</summary>
/// <param name="Block">Block id in the pool; -1 = none.</param>
/// <param name="Form">Form of the block; 0 = the one that grows.</param>
internal readonly record struct KvBlockRef(int Block, int Form)
{
    public static KvBlockRef None => new(-1, 0);

    public bool Exists => Block >= 0;
}

namespace Puna.Engine.Cache;

/// <summary>
/// One entry of a sequence's table. Offset and mask lie here and not in the block, so that a block can be shared
/// by sequences that place it elsewhere or see less of it.
/// </summary>
internal struct KvTableEntry
{
    /// <summary>Block id in the pool.</summary>
    public int Block;

    /// <summary>Effective position of a slot = stored position + this.</summary>
    public int Offset;

    /// <summary>Bit s: slot s holds a committed token of this sequence.</summary>
    public uint Valid;

    /// <summary>Index of <see cref="Offset"/> among the distinct offsets of the table.</summary>
    public int Group;
}

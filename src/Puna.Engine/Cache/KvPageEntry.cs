namespace Puna.Engine.Cache;

/// <summary>
/// One entry of a sequence's page table. Offset and mask lie here and not in the page, so that a page can be shared
/// by sequences that place it elsewhere or see less of it.
/// </summary>
internal struct KvPageEntry
{
    /// <summary>Page id in the pool.</summary>
    public int Page;

    /// <summary>Effective position of a slot = stored position + this.</summary>
    public int Offset;

    /// <summary>Bit s: slot s holds a committed token of this sequence.</summary>
    public uint Valid;

    /// <summary>Index of <see cref="Offset"/> among the distinct offsets of the table.</summary>
    public int Group;
}

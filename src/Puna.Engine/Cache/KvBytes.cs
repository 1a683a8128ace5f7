namespace Puna.Engine.Cache;

/// <summary>
/// Exact bytes of a sequence or of a whole cache, in whole pages. A page held by several holders counts once in a
/// cache's total; each sequence counts the pages that it holds and says which part of them others hold too.
/// </summary>
/// <param name="Keys">Payload of keys in their format.</param>
/// <param name="Values">Payload of values in their format.</param>
/// <param name="Metadata">Stored positions, alignment, page-table entries and reference counts.</param>
/// <param name="Shared">The part of <see cref="Payload"/> in pages that have more than one holder.</param>
public readonly record struct KvBytes(long Keys, long Values, long Metadata, long Shared)
{
    /// <summary>Keys and values.</summary>
    public long Payload => Keys + Values;

    /// <summary>Payload and metadata.</summary>
    public long Total => Payload + Metadata;
}

namespace Puna.Engine.Cache;

/// <summary>
/// Exact bytes of a sequence or of a whole cache, in whole blocks. A block held by several holders counts once in a
/// cache's total; each sequence counts the blocks that it holds and says which part of them others hold too.
/// </summary>
/// <param name="Keys">Payload of keys in their format.</param>
/// <param name="Values">Payload of values in their format.</param>
/// <param name="Metadata">Stored positions, alignment, block-table entries and reference counts.</param>
/// <param name="Shared">The part of <see cref="Payload"/> in blocks that have more than one holder.</param>
/// <param name="States">States of a fixed size, the places of tentative tokens included.</param>
public readonly record struct KvBytes(
    long Keys,
    long Values,
    long Metadata,
    long Shared,
    long States = 0
)
{
    /// <summary>Keys and values.</summary>
    public long Payload => Keys + Values;

    /// <summary>Payload, metadata and states.</summary>
    public long Total => Payload + Metadata + States;

    /// <summary>Sum of each part.</summary>
    public static KvBytes operator +(KvBytes left, KvBytes right) =>
        new(
            left.Keys + right.Keys,
            left.Values + right.Values,
            left.Metadata + right.Metadata,
            left.Shared + right.Shared,
            left.States + right.States
        );
}

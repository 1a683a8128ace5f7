namespace Puna.Engine.Cache;

/// <summary>What a prefix tree holds and what it has done.</summary>
/// <param name="Lookups">Prompts looked up.</param>
/// <param name="LookedUpTokens">Tokens of those prompts.</param>
/// <param name="CachedTokens">Tokens of them that did not have to be computed.</param>
/// <param name="Blocks">Blocks of 32 tokens held.</param>
/// <param name="Bytes">Payload bytes of these blocks, each counted once.</param>
/// <param name="UnusedBytes">The part of <see cref="Bytes"/> that no sequence holds.</param>
/// <param name="PublishedBlocks">Blocks ever taken in.</param>
/// <param name="EvictedBlocks">Blocks ever dropped to make room.</param>
internal readonly record struct PrefixTreeStats(
    long Lookups,
    long LookedUpTokens,
    long CachedTokens,
    int Blocks,
    long Bytes,
    long UnusedBytes,
    long PublishedBlocks,
    long EvictedBlocks
);

using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>
/// The blocks of one model: a pool that all its sequences, forks and cached prefixes share. Memory grows by slabs when
/// a sequence needs it, up to the limit, and stays until the cache is disposed.
/// Not thread-safe: the engine's thread owns a cache and all its sequences.
/// </summary>
public sealed class KvCache : IDisposable
{
    private const int ReferenceBytes = sizeof(int);
    private const int EntryBytes = 4 * sizeof(int);

    /// <summary>Makes an empty cache.</summary>
    /// <param name="shape">Banks and formats.</param>
    /// <param name="policies">Policies of every sequence; null means dense.</param>
    /// <param name="memoryLimit">Most native bytes that blocks may take; null means what the system has.</param>
    /// <exception cref="InputException">The limit does not hold one block, or a policy needs per-head tables.</exception>
    public KvCache(KvCacheShape shape, KvPolicyChain? policies = null, long? memoryLimit = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (memoryLimit < shape.BlockBytes)
        {
            throw new InputException(
                $"A KV cache limit of {memoryLimit} bytes was asked for, but 32 tokens of this model take {shape.BlockBytes}; give at least that."
            );
        }

        Shape = shape;
        Policies = policies ?? KvPolicyChain.Dense;
        if (Policies.Effects.HasFlag(KvEffects.PerHead))
        {
            throw new InputException(
                $"The KV policy '{Policies.Name}' drops slots head by head, but this cache keeps one table for all heads; choose a policy that treats heads alike."
            );
        }

        MemoryLimit = memoryLimit;
        Pool = new KvBlockPool(shape.BlockBytes, memoryLimit);
    }

    /// <summary>Banks and formats.</summary>
    public KvCacheShape Shape { get; }

    /// <summary>Policies of every sequence.</summary>
    public KvPolicyChain Policies { get; }

    /// <summary>Most native bytes that blocks may take.</summary>
    public long? MemoryLimit { get; }

    /// <summary>Native bytes allocated, free blocks included.</summary>
    public long ReservedBytes => Pool.ReservedBytes;

    /// <summary>Blocks that some sequence or cached prefix holds.</summary>
    public int LiveBlocks => Pool.Live;

    /// <summary>Blocks allocated and free.</summary>
    public int FreeBlocks => Pool.Free;

    /// <summary>Exact bytes of all blocks held, shared ones counted once; tables are the sequences' own.</summary>
    public KvBytes Bytes => BytesOf(Pool.Live, Pool.CountShared(), 0);

    internal KvBlockPool Pool { get; }

    /// <summary>Makes an empty sequence.</summary>
    /// <param name="expectedTokens">
    /// Tokens for which the table has room at once: up to that length no managed memory is allocated.
    /// </param>
    public KvSequence CreateSequence(int expectedTokens = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedTokens);
        return new KvSequence(
            this,
            new KvTable(Pool, Shape.PositionsOffset, BlocksFor(expectedTokens))
        );
    }

    /// <summary>Allocates now what <paramref name="tokens"/> more tokens of one sequence will need.</summary>
    /// <exception cref="CacheFullException">There is no such memory, or the limit forbids it.</exception>
    public void Prepare(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        Pool.EnsureFree(BlocksFor(tokens));
    }

    /// <summary>Frees all blocks; the sequences must not be used after.</summary>
    public void Dispose() => Pool.Dispose();

    internal static int BlocksFor(int tokens) =>
        tokens / KvPageRef.Slots + (tokens % KvPageRef.Slots == 0 ? 0 : 1);

    internal KvBlock Block(int block) => new(Shape, Pool.Block(block));

    internal KvBytes BytesOf(int blocks, int shared, int entries)
    {
        var (keys, values) = (blocks * Shape.KeyBytesPerBlock, blocks * Shape.ValueBytesPerBlock);
        return new KvBytes(
            keys,
            values,
            blocks * (Shape.BlockBytes + ReferenceBytes)
                - keys
                - values
                + (long)entries * EntryBytes,
            shared * (Shape.KeyBytesPerBlock + Shape.ValueBytesPerBlock)
        );
    }
}

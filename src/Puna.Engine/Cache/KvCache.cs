using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// The blocks of one model: pools that all its sequences, forks and cached prefixes share. Memory grows by slabs when
/// a sequence needs it, up to the limit, and stays until the cache is disposed.
/// Not thread-safe: the engine's thread owns a cache and all its sequences.
/// </summary>
public sealed class KvCache : IDisposable
{
    private const int ReferenceBytes = sizeof(int);
    private const int EntryBytes = 4 * sizeof(int);
    private readonly List<KvSequence> _sequences = [];
    private NativeBuffer<float> _scratch = new(0);

    /// <summary>Makes an empty cache.</summary>
    /// <param name="shape">Banks and formats.</param>
    /// <param name="policies">Policies of every sequence; null means dense.</param>
    /// <param name="memoryLimit">Most native bytes that blocks and states may take; null means what the system has.</param>
    /// <exception cref="InputException">The limit does not hold 32 tokens.</exception>
    internal KvCache(KvCacheShape shape, KvPolicyChain? policies = null, long? memoryLimit = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        Shape = shape;
        Policies = policies ?? KvPolicyChain.Dense;
        Layout = new KvLayout(shape, Policies);
        if (memoryLimit < Layout.RowBytes + SequenceBytes)
        {
            throw new InputException(
                $"A KV cache limit of {memoryLimit} bytes was asked for, but 32 tokens of this model take {Layout.RowBytes + SequenceBytes}; give at least that."
            );
        }

        Memory = new KvMemory(Layout, memoryLimit);
        if ((Policies.Effects & KvEffects.DropsSlots) != 0)
        {
            Memory.Add(new PolicyReclaimer(this));
        }
    }

    /// <summary>Banks and formats.</summary>
    public KvCacheShape Shape { get; }

    /// <summary>Policies of every sequence.</summary>
    internal KvPolicyChain Policies { get; }

    /// <summary>Most native bytes that blocks and states may take.</summary>
    public long? MemoryLimit => Memory.Limit;

    /// <summary>Native bytes of 32 growing tokens in all lanes: payload, alignment and positions.</summary>
    public long BlockBytes => Layout.BlockBytes;

    /// <summary>Native bytes allocated, free blocks and the states of all sequences included.</summary>
    public long ReservedBytes => Memory.ReservedBytes;

    /// <summary>
    /// Tokens, in whole blocks, that one new sequence could still be given: from what is free, what the limit allows to
    /// allocate and what the prefix tree gives back. Slots that policies would drop, and what sealing would save, are not
    /// counted. Without a limit,
    /// <see cref="long.MaxValue"/>.
    /// </summary>
    public long Available
    {
        get
        {
            if (MemoryLimit is null)
            {
                return long.MaxValue;
            }

            var reclaimable = new long[Memory.Pools.Length];
            for (var pool = 0; pool < reclaimable.Length; pool++)
            {
                reclaimable[pool] = Memory.Reclaimable(Memory.Pools[pool]);
            }

            // Each block of 32 tokens takes one of every lane: the most such rows for which slabs and limit suffice.
            var (low, high) = (0L, (long)int.MaxValue / KvPageRef.Slots);
            while (low < high)
            {
                var middle = (low + high + 1) / 2;
                (low, high) = Fits(middle, reclaimable) ? (middle, high) : (low, middle - 1);
            }

            return low * KvPageRef.Slots;
        }
    }

    /// <summary>Blocks that some sequence or cached prefix holds.</summary>
    public int LiveBlocks => Sum(pool => pool.Live);

    /// <summary>Blocks allocated and free.</summary>
    public int FreeBlocks => Sum(pool => pool.Free);

    /// <summary>Exact bytes of all blocks held, shared ones counted once, and of all states; tables are the sequences' own.</summary>
    public KvBytes Bytes
    {
        get
        {
            var sum = default(KvBytes);
            for (var index = 0; index < Layout.Pools.Length; index++)
            {
                var pool = Memory.Pools[index];
                sum += BytesOf(Layout.Pools[index], pool.Live, pool.CountShared(), 0);
            }

            return sum with
            {
                States = Memory.StateBytes,
            };
        }
    }

    internal KvLayout Layout { get; }

    internal KvMemory Memory { get; }

    // What a sequence takes of the limit when it decodes token by token: the committed states and the next ones.
    private long SequenceBytes => 2 * Shape.StateBytes;

    internal IReadOnlyList<KvSequence> Sequences => _sequences;

    /// <summary>Makes an empty sequence.</summary>
    /// <param name="expectedTokens">
    /// Tokens for which the tables have room at once: up to that length no managed memory is allocated.
    /// </param>
    /// <exception cref="CacheFullException">There is no memory for its states, or the limit forbids it.</exception>
    public KvSequence CreateSequence(int expectedTokens = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedTokens);
        var states = Shape.States.IsEmpty ? null : new FixedStates(Memory, Shape);
        return new KvSequence(this, new KvLanes(this, BlocksFor(expectedTokens)), states);
    }

    /// <summary>Allocates now what <paramref name="tokens"/> more tokens of one sequence will need.</summary>
    /// <exception cref="CacheFullException">There is no such memory, or the limit forbids it.</exception>
    public void Prepare(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        do
        {
            Memory.StartCount();
            foreach (var lane in Layout.Lanes)
            {
                foreach (var form in Layout.Layouts(lane.Index))
                {
                    Memory.Count(form.Pool, BlocksFor(tokens));
                }
            }
        } while (!Memory.TryEnsure());
    }

    /// <summary>Room for numbers of one page, which the next call hands out again: one thread owns a cache.</summary>
    internal NativeSpan<float> Scratch(int count)
    {
        if (_scratch.Length < count)
        {
            _scratch.Dispose();
            _scratch = new NativeBuffer<float>(count, clear: false);
        }

        return _scratch.Span.Slice(0, count);
    }

    /// <summary>Frees all blocks and states; the sequences must not be used after.</summary>
    public void Dispose()
    {
        _sequences.ForEach(sequence => sequence.FixedStates?.Dispose());
        Memory.Dispose();
        _scratch.Dispose();
    }

    internal static int BlocksFor(int tokens) =>
        tokens / KvPageRef.Slots + (tokens % KvPageRef.Slots == 0 ? 0 : 1);

    internal static KvBytes BytesOf(KvLaneLayout lane, int blocks, int shared, int entries)
    {
        var (keys, values) = (blocks * lane.KeyBytesPerBlock, blocks * lane.ValueBytesPerBlock);
        return new KvBytes(
            keys,
            values,
            blocks * (lane.BlockBytes + ReferenceBytes)
                - keys
                - values
                + (long)entries * EntryBytes,
            shared * (lane.KeyBytesPerBlock + lane.ValueBytesPerBlock)
        );
    }

    internal void Add(KvSequence sequence) => _sequences.Add(sequence);

    internal void Remove(KvSequence sequence) => _sequences.Remove(sequence);

    private bool Fits(long rows, ReadOnlySpan<long> reclaimable)
    {
        Span<long> needed = stackalloc long[Memory.Pools.Length];
        needed.Clear();
        foreach (var lane in Layout.Lanes)
        {
            foreach (var form in Layout.Layouts(lane.Index))
            {
                needed[form.Pool] += rows;
            }
        }

        var bytes = 0L;
        for (var index = 0; index < needed.Length; index++)
        {
            bytes += Memory.Pools[index].GrowthFor(needed[index] - reclaimable[index]);
        }

        return bytes <= Memory.Headroom - SequenceBytes;
    }

    private int Sum(Func<KvBlockPool, int> count)
    {
        var sum = 0;
        foreach (var pool in Memory.Pools)
        {
            sum += count(pool);
        }

        return sum;
    }
}

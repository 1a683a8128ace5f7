using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Puna.Engine.Cache;

/// <summary>
/// Finds the longest prefix of a prompt that was computed before and shares its blocks: a tree over blocks of 32
/// tokens (RadixAttention, Zheng et al. 2023, with vLLM's chained block keys). The key of a block is
/// H(parent key, 32 tokens), the first parent being H(identity); a key only finds candidates, identity and tokens are
/// compared one by one. Blocks that no sequence holds stay as a cache; the least recently used go first, children
/// before parents. A pinned prompt is one that someone keeps a fork of.
/// Not thread-safe: the engine's thread owns it, as it owns the cache.
/// </summary>
internal sealed class PrefixTree : IDisposable, IKvReclaimer
{
    private readonly KvCache _cache;
    private readonly PrefixBlocks _held;
    private readonly Func<ulong, int, ulong> _mix;
    private readonly Dictionary<KvIdentity, PrefixNode> _roots = [];
    private readonly Dictionary<ulong, PrefixNode> _blocks = [];

    // Oldest first. Touching goes from leaf to root, so that a parent is never older than its children.
    private readonly LinkedList<PrefixNode> _order = new();
    private long _lookups;
    private long _lookedUpTokens;
    private long _cachedTokens;
    private long _published;
    private long _evicted;
    private bool _disposed;

    /// <summary>Makes an empty tree, which gives its unused blocks back whenever the cache is out of blocks.</summary>
    /// <param name="cache">The cache whose blocks it shares.</param>
    /// <param name="unusedBytes">Most payload bytes that blocks held by no sequence may keep.</param>
    /// <exception cref="InputException">
    /// The cache's policy makes blocks that nobody else may have, or its sequences keep states beside blocks.
    /// </exception>
    public PrefixTree(KvCache cache, long unusedBytes = long.MaxValue)
        : this(cache, unusedBytes, Mix) { }

    internal PrefixTree(KvCache cache, long unusedBytes, Func<ulong, int, ulong> mix)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentOutOfRangeException.ThrowIfNegative(unusedBytes);
        if (!cache.Policies.BlocksDependOnPrefixOnly)
        {
            throw new InputException(
                $"Prefix sharing cannot be used with the KV policy '{cache.Policies.Name}': its blocks depend on more than the tokens before them."
            );
        }

        if (!cache.Shape.States.IsEmpty)
        {
            throw new InputException(
                "Prefix sharing cannot be used with this model: its layers keep states of a fixed size, and those after a prefix are not stored with its blocks."
            );
        }

        _cache = cache;
        _held = new PrefixBlocks(cache);
        _mix = mix;
        UnusedBytesLimit = unusedBytes;
        cache.Memory.Add(this);
    }

    /// <summary>Most payload bytes that blocks held by no sequence may keep.</summary>
    public long UnusedBytesLimit { get; }

    /// <summary>What it holds and has done.</summary>
    public PrefixTreeStats Stats
    {
        get
        {
            var (bytes, unused) = (0L, 0L);
            foreach (var node in _order)
            {
                var own = _held.BytesOf(node);
                bytes += own;
                unused += _held.IsUnused(node) ? own : 0;
            }

            return new PrefixTreeStats(
                _lookups,
                _lookedUpTokens,
                _cachedTokens,
                _order.Count,
                bytes,
                unused,
                _published,
                _evicted
            );
        }
    }

    /// <summary>
    /// A new sequence that starts with the longest cached prefix of a prompt. The last token is never taken from the
    /// cache, since its logits are needed: a prompt that is cached whole loses one token, or its last 32 where their block is
    /// sealed, since what follows could not be appended to it.
    /// </summary>
    /// <param name="identity">What the blocks must have been computed with, and for whom.</param>
    /// <param name="prompt">Token ids.</param>
    /// <param name="expectedTokens">As for <see cref="KvCache.CreateSequence"/>.</param>
    /// <returns>The sequence; its <see cref="KvSequence.LogicalLength"/> is the number of tokens matched.</returns>
    public KvSequence Lookup(KvIdentity identity, ReadOnlySpan<int> prompt, int expectedTokens = 0)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var sequence = _cache.CreateSequence(Math.Max(expectedTokens, prompt.Length));
        var path = Match(identity, prompt);
        if (
            path.Count > 0
            && path.Count * PrefixNode.Tokens == prompt.Length
            && PrefixBlocks.IsSealed(path[^1])
        )
        {
            path.RemoveAt(path.Count - 1);
        }

        var taken = _held.Usable(path);
        for (var lane = 0; lane < sequence.Lanes.Length; lane++)
        {
            for (var depth = _held.FirstNeeded(lane, taken); depth < taken; depth++)
            {
                var block = path[depth].Blocks[lane];
                _held.PoolOf(lane, block).Retain(block.Block);
                sequence.Adopt(
                    lane,
                    new KvTableEntry
                    {
                        Block = block.Block,
                        Form = block.Form,
                        Valid = uint.MaxValue,
                    }
                );
            }

            sequence.Lanes[lane].FirstPosition = _held.FirstNeeded(lane, taken) * PrefixNode.Tokens;
        }

        sequence.EndAdoption(taken * PrefixNode.Tokens);
        Touch(taken > 0 ? path[taken - 1] : null);
        if (sequence.LogicalLength == prompt.Length && prompt.Length > 0)
        {
            sequence.Truncate(prompt.Length - 1);
        }

        _lookups++;
        _lookedUpTokens += prompt.Length;
        _cachedTokens += sequence.LogicalLength;
        return sequence;
    }

    /// <summary>
    /// Takes in the full, committed blocks of a sequence that nobody published before, from its start up to the first
    /// block in which something was dropped or moved.
    /// </summary>
    /// <param name="identity">What they were computed with, and for whom.</param>
    /// <param name="tokens">Ids of the committed tokens, from position 0; may be fewer than there are.</param>
    /// <param name="sequence">The sequence that holds their keys and values.</param>
    /// <returns>The number of tokens newly taken in.</returns>
    public int Publish(KvIdentity identity, ReadOnlySpan<int> tokens, KvSequence sequence)
    {
        ArgumentNullException.ThrowIfNull(identity);
        ArgumentNullException.ThrowIfNull(sequence);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!ReferenceEquals(sequence.Cache, _cache))
        {
            throw new ArgumentException(
                "The sequence lies in another cache than the tree.",
                nameof(sequence)
            );
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(
            tokens.Length,
            sequence.LogicalLength,
            nameof(tokens)
        );
        if (tokens.Length < PrefixNode.Tokens)
        {
            return 0;
        }

        if (!_roots.TryGetValue(identity, out var node))
        {
            node = new PrefixNode(identity, KeyOf(identity));
            _roots.Add(identity, node);
        }

        var added = 0;
        for (var block = 0; block < tokens.Length / PrefixNode.Tokens; block++)
        {
            var ids = tokens.Slice(block * PrefixNode.Tokens, PrefixNode.Tokens);
            if (Find(node, ids) is not { } next)
            {
                if (PrefixBlocks.BlocksOf(sequence, block) is not { } blocks)
                {
                    break;
                }

                next = Add(node, ids, blocks);
                added += PrefixNode.Tokens;
            }
            else
            {
                _held.Complete(next, sequence, block);
            }

            node = next;
        }

        Touch(node);
        DropRootIfEmpty(node);
        EvictTo(UnusedBytesLimit);
        return added;
    }

    /// <summary>Drops the least recently used blocks until those held by no sequence take at most so many payload bytes.</summary>
    /// <returns>The number of blocks dropped.</returns>
    public int EvictTo(long unusedBytes)
    {
        if (unusedBytes == long.MaxValue)
        {
            return 0;
        }

        var excess = Stats.UnusedBytes - unusedBytes;
        if (excess <= 0)
        {
            return 0;
        }

        var evicted = 0L;
        return EvictNodes(() => evicted < excess, node => evicted += _held.BytesOf(node));
    }

    /// <summary>Gives all blocks back.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _cache.Memory.Remove(this);
        foreach (var node in _order)
        {
            _held.Release(node);
        }

        _order.Clear();
        _blocks.Clear();
        _roots.Clear();
    }

    // Multiplication by an odd constant and a shift of the high half down: every bit of the token reaches the low half
    // of the key within two blocks' steps. Quality matters only for speed, for tokens are compared.
    private static ulong Mix(ulong key, int token)
    {
        key = (key ^ (uint)token) * 0x9E3779B97F4A7C15;
        return BitOperations.RotateLeft(key ^ (key >> 32), 27);
    }

    private static ulong KeyOf(KvIdentity identity)
    {
        // Lengths before the texts: no two identities give the same bytes.
        var text = new StringBuilder();
        foreach (
            var part in (ReadOnlySpan<string>)
                [identity.Model, identity.Adapter, identity.Rope, identity.Policy, identity.Salt]
        )
        {
            text.Append(part.Length).Append(':').Append(part);
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(
            SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()))
        );
    }

    /// <summary>The cached blocks of a prompt, from its start on.</summary>
    private List<PrefixNode> Match(KvIdentity identity, ReadOnlySpan<int> prompt)
    {
        var path = new List<PrefixNode>();
        var node = _roots.GetValueOrDefault(identity);
        for (
            var start = 0;
            node is not null && start + PrefixNode.Tokens <= prompt.Length;
            start += PrefixNode.Tokens
        )
        {
            node = Find(node, prompt.Slice(start, PrefixNode.Tokens));
            if (node is not null)
            {
                path.Add(node);
            }
        }

        return path;
    }

    private PrefixNode? Find(PrefixNode parent, ReadOnlySpan<int> tokens)
    {
        var node = _blocks.GetValueOrDefault(KeyOf(parent, tokens));
        while (node is not null && !node.Is(parent, tokens))
        {
            node = node.SameKey;
        }

        return node;
    }

    private ulong KeyOf(PrefixNode parent, ReadOnlySpan<int> tokens)
    {
        var key = parent.Key;
        foreach (var token in tokens)
        {
            key = _mix(key, token);
        }

        return key;
    }

    private PrefixNode Add(PrefixNode parent, ReadOnlySpan<int> tokens, KvBlockRef[] blocks)
    {
        var key = KeyOf(parent, tokens);
        var node = new PrefixNode(parent, key, tokens, blocks)
        {
            SameKey = _blocks.GetValueOrDefault(key),
        };
        _blocks[key] = node;
        node.Use = _order.AddLast(node);
        parent.Children++;
        _held.Retain(blocks);

        _published++;
        return node;
    }

    private void Touch(PrefixNode? node)
    {
        for (; node?.Use is { } use; node = node.Parent)
        {
            _order.Remove(use);
            _order.AddLast(use);
        }
    }

    int IKvReclaimer.Reclaim(KvBlockPool pool, int blocks)
    {
        var before = pool.Free;
        _ = EvictNodes(() => pool.Free - before < blocks);
        return pool.Free - before;
    }

    int IKvReclaimer.Reclaimable(KvBlockPool pool)
    {
        // As in an eviction of everything: a node stays while something behind it is used.
        var (blocks, kept) = (0, new HashSet<PrefixNode>());
        foreach (var node in _order)
        {
            if (!kept.Contains(node) && _held.IsUnused(node))
            {
                for (var lane = 0; lane < node.Blocks.Length; lane++)
                {
                    blocks +=
                        node.Blocks[lane] is { Exists: true } block
                        && ReferenceEquals(_held.PoolOf(lane, block), pool)
                            ? 1
                            : 0;
                }
            }
            else
            {
                kept.Add(node.Parent!);
            }
        }

        return blocks;
    }

    /// <summary>Drops unused nodes, the least recently used first, while the condition holds.</summary>
    private int EvictNodes(Func<bool> goOn, Action<PrefixNode>? leaves = null)
    {
        var evicted = 0;
        var next = _order.First;
        while (next is not null && goOn())
        {
            // Children are older than their parents, so one pass in order meets each parent after its last child.
            var node = next.Value;
            next = next.Next;
            if (node.Children == 0 && _held.IsUnused(node))
            {
                leaves?.Invoke(node);
                Remove(node);
                evicted++;
            }
        }

        _evicted += evicted;
        return evicted;
    }

    private void Remove(PrefixNode node)
    {
        if (ReferenceEquals(_blocks[node.Key], node))
        {
            if (node.SameKey is { } other)
            {
                _blocks[node.Key] = other;
            }
            else
            {
                _blocks.Remove(node.Key);
            }
        }
        else
        {
            var before = _blocks[node.Key];
            while (!ReferenceEquals(before.SameKey, node))
            {
                before = before.SameKey!;
            }

            before.SameKey = node.SameKey;
        }

        _order.Remove(node.Use!);
        node.Parent!.Children--;
        DropRootIfEmpty(node.Parent);
        _held.Release(node);
    }

    // Identities come and go with tenants and adapters: one without blocks leaves nothing behind.
    private void DropRootIfEmpty(PrefixNode node)
    {
        if (node is { Identity: { } identity, Children: 0 })
        {
            _roots.Remove(identity);
        }
    }
}

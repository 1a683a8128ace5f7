using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>One block of 32 tokens in a prefix tree, with one reference to the block of each lane that holds their keys and values.</summary>
internal sealed class PrefixNode
{
    public const int Tokens = KvPageRef.Slots;
    private readonly int[] _tokens;

    /// <summary>Makes the root of an identity's blocks: no tokens, no block.</summary>
    public PrefixNode(KvIdentity identity, ulong key)
    {
        Identity = identity;
        Key = key;
        _tokens = [];
        Blocks = [];
    }

    /// <summary>Makes a block behind <paramref name="parent"/>.</summary>
    public PrefixNode(PrefixNode parent, ulong key, ReadOnlySpan<int> tokens, KvBlockRef[] blocks)
    {
        Parent = parent;
        Key = key;
        _tokens = tokens.ToArray();
        Blocks = blocks;
    }

    /// <summary>Hash of the identity and of all tokens up to here.</summary>
    public ulong Key { get; }

    /// <summary>Set in a root only.</summary>
    public KvIdentity? Identity { get; }

    public PrefixNode? Parent { get; }

    /// <summary>Block of each lane; none where the lane had given it up, because its window had passed.</summary>
    public KvBlockRef[] Blocks { get; }

    public int Children { get; set; }

    /// <summary>Next block with the same key.</summary>
    public PrefixNode? SameKey { get; set; }

    /// <summary>Place in the order of use.</summary>
    public LinkedListNode<PrefixNode>? Use { get; set; }

    /// <summary>True when this is the block of these tokens behind that parent: compared one by one, never by hash.</summary>
    public bool Is(PrefixNode parent, ReadOnlySpan<int> tokens) =>
        ReferenceEquals(Parent, parent) && tokens.SequenceEqual(_tokens);
}

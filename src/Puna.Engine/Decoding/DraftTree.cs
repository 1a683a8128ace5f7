namespace Puna.Engine.Decoding;

/// <summary>
/// Tokens that are run at once: the root was chosen already, each further node is a guess at what follows its parent.
/// Nodes are in topological order; a plain step is a tree of one.
/// </summary>
public sealed class DraftTree
{
    private readonly int[] _tokens;
    private readonly int[] _parents;
    private readonly int[] _depths;

    /// <summary>Makes an empty tree for at most <paramref name="capacity"/> nodes.</summary>
    public DraftTree(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _tokens = new int[capacity];
        _parents = new int[capacity];
        _depths = new int[capacity];
        Capacity = capacity;
    }

    /// <summary>Most nodes of this step: few near the end of the context.</summary>
    public int Capacity { get; private set; }

    /// <summary>Nodes.</summary>
    public int Count { get; private set; }

    /// <summary>True when every node follows the one before it.</summary>
    public bool IsChain { get; private set; } = true;

    /// <summary>Token of each node.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>Parent of each node; -1 for the root.</summary>
    public ReadOnlySpan<int> Parents => _parents.AsSpan(0, Count);

    /// <summary>Edges from the root to each node.</summary>
    public ReadOnlySpan<int> Depths => _depths.AsSpan(0, Count);

    /// <summary>Empties the tree for a step of at most <paramref name="room"/> nodes.</summary>
    public void Clear(int room)
    {
        Capacity = Math.Min(room, _tokens.Length);
        Count = 0;
        IsChain = true;
    }

    /// <summary>Adds a node and returns its number.</summary>
    /// <param name="token">The token.</param>
    /// <param name="parent">An earlier node; -1 for the first.</param>
    public int Add(int token, int parent)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(Count, Capacity);
        ArgumentOutOfRangeException.ThrowIfLessThan(parent, Count == 0 ? -1 : 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(parent, Count);
        IsChain &= parent == Count - 1;
        _tokens[Count] = token;
        _parents[Count] = parent;
        _depths[Count] = parent < 0 ? 0 : _depths[parent] + 1;
        return Count++;
    }

    /// <summary>The first child of a node that has this token, or -1.</summary>
    public int FindChild(int parent, int token)
    {
        for (var node = parent + 1; node < Count; node++)
        {
            if (_parents[node] == parent && _tokens[node] == token)
            {
                return node;
            }
        }

        return -1;
    }
}

namespace Puna.Engine.Decoding;

/// <summary>
/// The outcome of a step: a path of accepted nodes from the root on, and the token chosen after each. The choice after
/// a node is the token of the next node of the path; the last choice is new.
/// </summary>
public sealed class Acceptance
{
    private readonly int[] _nodes;
    private readonly int[] _choices;

    /// <summary>Makes room for a path of at most <paramref name="capacity"/> nodes.</summary>
    public Acceptance(int capacity)
    {
        _nodes = new int[capacity];
        _choices = new int[capacity];
    }

    /// <summary>Nodes on the path, which is also the number of tokens chosen.</summary>
    public int Count { get; private set; }

    /// <summary>Accepted nodes, ascending.</summary>
    public ReadOnlySpan<int> Nodes => _nodes.AsSpan(0, Count);

    /// <summary>Token chosen after each node.</summary>
    public ReadOnlySpan<int> Choices => _choices.AsSpan(0, Count);

    /// <summary>Empties the path.</summary>
    public void Clear() => Count = 0;

    /// <summary>Accepts a node and notes the token chosen after it.</summary>
    public void Add(int node, int choice)
    {
        _nodes[Count] = node;
        _choices[Count++] = choice;
    }
}

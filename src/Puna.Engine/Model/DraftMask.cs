using Puna.Engine.Cache;

namespace Puna.Engine.Model;

/// <summary>Positions and visibility of the nodes of a draft tree in the tentative tail of a sequence.</summary>
internal sealed class DraftMask
{
    private uint[] _masks = [];
    private int _length;

    /// <summary>Pages that the masks cover, from the one with the first node to the last.</summary>
    public int TailPages { get; private set; }

    /// <summary>[T, TailPages]: bit s of a word allows slot s of that page.</summary>
    public ReadOnlySpan<uint> Masks => _masks.AsSpan(0, _length);

    /// <summary>No tree: every token sees all before it.</summary>
    public void Clear() => TailPages = _length = 0;

    /// <summary>Position of each node: the next position plus its depth.</summary>
    public static void Positions(int next, ReadOnlySpan<int> parents, Span<int> positions)
    {
        for (var node = 0; node < parents.Length; node++)
        {
            positions[node] = parents[node] < 0 ? next : positions[parents[node]] + 1;
        }
    }

    /// <summary>Computes the masks of nodes that were reserved as the whole tail of <paramref name="sequence"/>.</summary>
    public void Fill(KvSequence sequence, ReadOnlySpan<int> parents)
    {
        var (firstPage, firstSlot) = sequence.Locate(0);
        TailPages = sequence.Locate(parents.Length - 1).Entry - firstPage + 1;
        _length = parents.Length * TailPages;
        if (_masks.Length < _length)
        {
            _masks = new uint[Math.Max(_length, 2 * _masks.Length)];
        }

        for (var node = 0; node < parents.Length; node++)
        {
            var row = _masks.AsSpan(node * TailPages, TailPages);
            if (parents[node] < 0)
            {
                // The page with the first node may begin with committed tokens, which all see.
                row.Clear();
                row[0] = (1u << firstSlot) - 1;
            }
            else
            {
                _masks.AsSpan(parents[node] * TailPages, TailPages).CopyTo(row);
            }

            var (page, slot) = sequence.Locate(node);
            row[page - firstPage] |= 1u << slot;
        }
    }
}

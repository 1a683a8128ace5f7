using System.Runtime.InteropServices;

namespace Puna.Engine.Text;

/// <summary>
/// Byte-pair merging of one stretch of a word: the candidate of lowest rank is joined first, of equal ones the leftmost,
/// until none is left. A linked list and a heap make it O(n log n) for n symbols. Reusable, not safe to share.
/// </summary>
internal sealed class BpeQueue
{
    private readonly PriorityQueue<Candidate, long> _heap = new();
    private BpeSymbol[] _symbols = new BpeSymbol[64];
    private int _count;

    /// <summary>Merges the symbols that begin in the units from <paramref name="from"/> on; returns where the last one ends.</summary>
    public int Merge<TWord>(ref TWord word, IPairTable pairs, int from, int units)
        where TWord : IBpeWord, allows ref struct
    {
        _heap.Clear();
        _count = 0;
        var at = from;
        while (at < from + units)
        {
            if (word.Read(at, out var length, out var id))
            {
                Add(at, length, id);
            }

            at += length;
        }

        Run(word.Text, pairs);
        return at;
    }

    /// <summary>Appends what is left, in order.</summary>
    public void CopyTo(List<BpeSymbol> pieces)
    {
        for (var at = _count == 0 ? -1 : 0; at >= 0; at = _symbols[at].Next)
        {
            pieces.Add(_symbols[at]);
        }
    }

    /// <summary>True when one of the symbols that are left begins at a unit.</summary>
    public bool HasBorderAt(int unit)
    {
        var at = 0;
        while (at >= 0 && _symbols[at].Start < unit)
        {
            at = _symbols[at].Next;
        }

        return at >= 0 && _symbols[at].Start == unit;
    }

    private void Add(int start, int length, int id)
    {
        if (_count == _symbols.Length)
        {
            Array.Resize(ref _symbols, _count * 2);
        }

        if (_count > 0)
        {
            _symbols[_count - 1].Next = _count;
        }

        _symbols[_count] = new BpeSymbol
        {
            Start = start,
            Length = length,
            Id = id,
            Previous = _count - 1,
            Next = -1,
        };
        _count++;
    }

    private void Run(ReadOnlySpan<char> text, IPairTable pairs)
    {
        for (var i = 0; i + 1 < _count; i++)
        {
            Propose(text, pairs, i, i + 1);
        }

        while (_heap.TryDequeue(out var candidate, out _))
        {
            ref var left = ref _symbols[candidate.Left];
            ref var right = ref _symbols[candidate.Right];

            // Symbols only grow, so equal sizes mean that neither side was joined elsewhere since.
            if (
                left.Length == 0
                || right.Length == 0
                || left.Length + right.Length != candidate.Length
            )
            {
                continue;
            }

            left.Length = candidate.Length;
            left.Id = candidate.Id;
            left.Next = right.Next;
            right.Length = 0;
            if (left.Next >= 0)
            {
                _symbols[left.Next].Previous = candidate.Left;
                Propose(text, pairs, candidate.Left, left.Next);
            }

            if (left.Previous >= 0)
            {
                Propose(text, pairs, left.Previous, candidate.Left);
            }
        }
    }

    private void Propose(ReadOnlySpan<char> text, IPairTable pairs, int left, int right)
    {
        if (pairs.TryMerge(text, _symbols[left], _symbols[right], out var rank, out var id))
        {
            var length = _symbols[left].Length + _symbols[right].Length;
            _heap.Enqueue(new Candidate(left, right, length, id), ((long)rank << 32) | (uint)left);
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Candidate(int Left, int Right, int Length, int Id);
}

namespace Puna.Engine.Text;

/// <summary>Merges by rank: a pair of ids to the rank of its merge and the id of the joined piece.</summary>
internal sealed class MergeRanks : IPairTable
{
    private readonly Dictionary<long, long> _merges;

    /// <summary>Resolves the merges' spellings.</summary>
    /// <exception cref="InputException">A merge is not "left right", or names a piece that the vocabulary lacks.</exception>
    public MergeRanks(Vocabulary vocabulary, IReadOnlyList<string> merges)
    {
        _merges = new Dictionary<long, long>(merges.Count);
        Span<char> buffer = stackalloc char[256];
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var merge = merges[rank];
            var blank = merge.IndexOf(' ');
            if (blank <= 0 || blank == merge.Length - 1 || merge.IndexOf(' ', blank + 1) >= 0)
            {
                throw new InputException(
                    $"Merge {rank} of the tokenizer is '{merge}'; two pieces with one blank between are needed."
                );
            }

            var joined =
                merge.Length <= buffer.Length
                    ? buffer[..(merge.Length - 1)]
                    : new char[merge.Length - 1];
            merge.AsSpan(0, blank).CopyTo(joined);
            merge.AsSpan(blank + 1).CopyTo(joined[blank..]);
            var left = Find(vocabulary, joined[..blank], rank, merge);
            var right = Find(vocabulary, joined[blank..], rank, merge);
            var id = Find(vocabulary, joined, rank, merge);
            _merges.TryAdd(Key(left, right), ((long)rank << 32) | (uint)id);
        }
    }

    /// <inheritdoc/>
    public bool TryMerge(
        ReadOnlySpan<char> text,
        BpeSymbol left,
        BpeSymbol right,
        out int rank,
        out int id
    )
    {
        if (
            left.Id >= 0
            && right.Id >= 0
            && _merges.TryGetValue(Key(left.Id, right.Id), out var value)
        )
        {
            rank = (int)(value >> 32);
            id = (int)value;
            return true;
        }

        rank = 0;
        id = 0;
        return false;
    }

    private static long Key(int left, int right) => ((long)left << 32) | (uint)right;

    private static int Find(
        Vocabulary vocabulary,
        ReadOnlySpan<char> piece,
        int rank,
        string merge
    ) =>
        vocabulary.TryId(piece, out var id)
            ? id
            : throw new InputException(
                $"Merge {rank} of the tokenizer, '{merge}', needs the piece '{piece}', which the vocabulary lacks."
            );
}

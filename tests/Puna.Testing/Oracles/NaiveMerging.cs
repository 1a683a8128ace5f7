namespace Puna.Testing.Oracles;

/// <summary>Byte-pair merging by its definition: the lowest rank of all neighbours first, of equal ones the leftmost.</summary>
public static class NaiveMerging
{
    /// <summary>Ids of what is left.</summary>
    /// <param name="ids">The word.</param>
    /// <param name="merges">Rank and joined id of each pair that may be joined.</param>
    public static List<int> Merge(
        IEnumerable<int> ids,
        IReadOnlyDictionary<(int Left, int Right), (int Rank, int Id)> merges
    )
    {
        var word = ids.ToList();
        while (true)
        {
            var (best, place, joined) = (int.MaxValue, -1, 0);
            for (var at = 0; at + 1 < word.Count; at++)
            {
                if (
                    merges.TryGetValue((word[at], word[at + 1]), out var merge)
                    && merge.Rank < best
                )
                {
                    (best, place, joined) = (merge.Rank, at, merge.Id);
                }
            }

            if (place < 0)
            {
                return word;
            }

            word[place] = joined;
            word.RemoveAt(place + 1);
        }
    }
}

using System.Collections.Concurrent;

namespace Puna.Engine.Text;

/// <summary>Ids of words met before. Bounded: once full it keeps what it has. Safe to share between threads.</summary>
internal sealed class WordCache
{
    /// <summary>Longer words are not kept.</summary>
    public const int LongestWord = 48;

    private const int Capacity = 32768;
    private readonly ConcurrentDictionary<string, int[]> _words = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<
        ReadOnlySpan<char>
    > _lookup;
    private int _count;

    /// <summary>Makes an empty cache.</summary>
    public WordCache() => _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Appends the ids of a known word.</summary>
    public bool TryAppend(ReadOnlySpan<char> word, List<int> ids)
    {
        if (word.Length > LongestWord || !_lookup.TryGetValue(word, out var known))
        {
            return false;
        }

        ids.AddRange(known.AsSpan());
        return true;
    }

    /// <summary>Remembers a word as the ids that were appended from <paramref name="from"/> on.</summary>
    public void Keep(ReadOnlySpan<char> word, List<int> ids, int from)
    {
        if (
            word.Length <= LongestWord
            && Volatile.Read(ref _count) < Capacity
            && _lookup.TryAdd(word, [.. ids[from..]])
        )
        {
            Interlocked.Increment(ref _count);
        }
    }
}

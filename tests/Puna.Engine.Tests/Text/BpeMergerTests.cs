using Puna.Engine.Text;
using Puna.Testing.Oracles;

namespace Puna.Engine.Tests.Text;

/// <summary>Long words are merged window by window, with the ids of one merging of the whole.</summary>
public sealed class BpeMergerTests
{
    private const int Letters = 3;

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(4, false)]
    [InlineData(5, false)]
    [InlineData(6, false)]
    public void Any_word_and_any_table_give_what_the_definition_gives(int seed, bool trained)
    {
        var random = new Random(seed);
        for (var round = 0; round < 3; round++)
        {
            var merges = Merges(random, trained);
            var word = RepetitiveWord(random, 2500 + random.Next(1500));
            var table = new CountingTable(merges);
            Assert.Equal(NaiveMerging.Merge(word, merges), Merge(word, table));
        }
    }

    [Theory]
    [InlineData(6001)]
    [InlineData(8192)]
    public void Where_the_parity_of_a_run_decides_nothing_is_lost(int length)
    {
        // Pairs only: an odd run leaves its last letter alone, wherever the windows end.
        var merges = new Dictionary<(int Left, int Right), (int Rank, int Id)>
        {
            [(0, 0)] = (0, 3),
            [(3, 3)] = (1, 4),
            [(4, 1)] = (2, 5),
        };
        int[] word = [.. Enumerable.Repeat(0, length), 1, .. Enumerable.Repeat(0, length)];
        Assert.Equal(NaiveMerging.Merge(word, merges), Merge(word, new CountingTable(merges)));
    }

    [Fact]
    public void A_table_that_joins_without_end_gives_up_windows_and_stays_right()
    {
        // a + a = a: every window becomes one piece, and no border is to be found.
        var merges = new Dictionary<(int Left, int Right), (int Rank, int Id)>
        {
            [(0, 0)] = (0, 0),
        };
        Assert.Equal([0], Merge(new int[5000], new CountingTable(merges)));
    }

    [Fact]
    public void Work_grows_with_the_length_alone_and_hardly_with_repetitions()
    {
        var merges = new Dictionary<(int Left, int Right), (int Rank, int Id)>
        {
            [(0, 0)] = (0, 3),
            [(3, 3)] = (1, 4),
            [(4, 4)] = (2, 5),
        };
        var table = new CountingTable(merges);
        Merge(new int[1 << 20], table);
        Assert.InRange(table.Lookups, 1, 1 << 16);

        var random = new Random(1);
        table = new CountingTable(merges);
        int[] mixed = [.. Enumerable.Range(0, 1 << 18).Select(_ => random.Next(Letters))];
        Merge(mixed, table);
        Assert.InRange(table.Lookups, mixed.Length, 5 * mixed.Length);
    }

    // A trained table joins only what earlier merges made; the other kind is any table that a file may hold.
    private static Dictionary<(int Left, int Right), (int Rank, int Id)> Merges(
        Random random,
        bool trained
    )
    {
        var merges = new Dictionary<(int Left, int Right), (int Rank, int Id)>();
        var ids = Letters;
        for (var merge = 0; merge < 24; merge++)
        {
            var pair = (random.Next(ids), random.Next(ids));
            var rank = trained ? merge : random.Next(24);
            if (merges.TryAdd(pair, (rank, ids)))
            {
                ids++;
            }
        }

        return merges;
    }

    private static int[] RepetitiveWord(Random random, int length)
    {
        var word = new List<int>(length);
        while (word.Count < length)
        {
            var bit = Enumerable
                .Range(0, 1 + random.Next(4))
                .Select(_ => random.Next(Letters))
                .ToArray();
            for (var times = random.Next(random.Next(4) == 0 ? 1500 : 20); times >= 0; times--)
            {
                word.AddRange(bit);
            }
        }

        return [.. word.Take(length)];
    }

    private static List<int> Merge(int[] ids, IPairTable table)
    {
        var word = new Word(ids, []);
        new BpeMerger().Merge(ref word, table);
        return word.Left;
    }

    private sealed class CountingTable(Dictionary<(int Left, int Right), (int Rank, int Id)> merges)
        : IPairTable
    {
        public int Lookups { get; private set; }

        public bool TryMerge(
            ReadOnlySpan<char> text,
            BpeSymbol left,
            BpeSymbol right,
            out int rank,
            out int id
        )
        {
            Lookups++;
            var found = merges.TryGetValue((left.Id, right.Id), out var merge);
            (rank, id) = merge;
            return found;
        }
    }

    private readonly struct Word(int[] ids, List<int> left) : IBpeWord
    {
        public List<int> Left => left;

        public int Length => ids.Length;

        public ReadOnlySpan<char> Text => [];

        public bool Read(int at, out int length, out int id)
        {
            (length, id) = (1, ids[at]);
            return true;
        }

        public bool IsSame(int first, int second, int length) =>
            ids.AsSpan(first, length).SequenceEqual(ids.AsSpan(second, length));

        public void Accept(BpeSymbol symbol) => left.Add(symbol.Id);

        public void Restart() => left.Clear();
    }
}

namespace Puna.Kernels.Attention;

/// <summary>What one thread needs to work on a tile of query rows: a view of one piece of memory.</summary>
internal readonly unsafe struct TileScratch
{
    /// <summary>Query rows (token x query head of a KV head) in a tile: each page is read once for all of them.</summary>
    public const int Rows = 96;

    /// <summary>Pages of a chunk, whose scores are held at once; chunks are counted from the first page.</summary>
    public const int Pages = 8;

    /// <summary>Slots of a chunk.</summary>
    public const int Slots = Pages * KvPageRef.Slots;

    /// <summary>
    /// Above this many rows a page of 8- or 16-bit numbers is widened once; below, each block of rows widens as it
    /// loads.
    /// </summary>
    public const int DirectRows = 8;

    /// <summary>Scores, then weights: [Rows][Slots], the chunk's visible pages side by side.</summary>
    public readonly float* Scores;

    /// <summary>Weighted values of all chunks so far, [Rows][padded d].</summary>
    public readonly float* Sums;

    /// <summary>Greatest score of all chunks so far, [Rows].</summary>
    public readonly float* Maxima;

    /// <summary>Sum of the weights of all chunks so far, [Rows].</summary>
    public readonly float* Totals;

    /// <summary>Weighted values of one chunk, [Rows][padded d].</summary>
    public readonly float* PartSums;

    /// <summary>Greatest score of one chunk, [Rows].</summary>
    public readonly float* PartMaxima;

    /// <summary>Sum of the weights of one chunk, [Rows].</summary>
    public readonly float* PartTotals;

    /// <summary>A page's keys as f32, [d][32]; in the turn of the values, those that a format widened, [32][d].</summary>
    public readonly float* Keys;

    /// <summary>A page's values as f32, [32][padded d].</summary>
    public readonly float* Values;

    /// <summary>Where each row's query starts, for the offset group of the page at hand.</summary>
    public readonly float** Queries;

    /// <summary>Distance of each row's query from the first of its offset group, in floats.</summary>
    public readonly long* Offsets;

    /// <summary>Slots that a row sees of each visible page of the chunk, [Rows][Pages].</summary>
    public readonly uint* Masks;

    /// <summary>Position of each row.</summary>
    public readonly int* Positions;

    /// <summary>Token of each row.</summary>
    public readonly int* Tokens;

    /// <summary>The visible pages of the chunk.</summary>
    public readonly int* Visible;

    /// <summary>The unit that the thread takes next.</summary>
    public readonly UnitClaim* Claim;

    /// <summary>Lays the parts out from <paramref name="start"/> on, each at a cache line's begin.</summary>
    public TileScratch(float* start, int headDim)
    {
        var padded = PaddedDim(headDim);
        Scores = Take(ref start, Rows * Slots);
        Sums = Take(ref start, Rows * padded);
        Maxima = Take(ref start, Rows);
        Totals = Take(ref start, Rows);
        PartSums = Take(ref start, Rows * padded);
        PartMaxima = Take(ref start, Rows);
        PartTotals = Take(ref start, Rows);
        Keys = Take(ref start, KvPageRef.Slots * padded);
        Values = Take(ref start, KvPageRef.Slots * padded);
        Queries = (float**)Take(ref start, 2 * Rows);
        Offsets = (long*)Take(ref start, 2 * Rows);
        Masks = (uint*)Take(ref start, Rows * Pages);
        Positions = (int*)Take(ref start, Rows);
        Tokens = (int*)Take(ref start, Rows);
        Visible = (int*)Take(ref start, 16);
        Claim = (UnitClaim*)Take(ref start, 16);
    }

    /// <summary>d rounded up to two of the widest vectors.</summary>
    public static int PaddedDim(int headDim) => (headDim + 31) / 32 * 32;

    /// <summary>Floats that a scratch takes; a line more than it uses, so that two threads' scores lie apart.</summary>
    public static long Floats(int headDim)
    {
        long padded = PaddedDim(headDim);
        return Rows * (Slots + 2 * padded + 4 + 2 + 2 + Pages + 2)
            + 2 * KvPageRef.Slots * padded
            + 3 * 16;
    }

    private static float* Take(ref float* next, long count)
    {
        var taken = next;
        next += count;
        return taken;
    }
}

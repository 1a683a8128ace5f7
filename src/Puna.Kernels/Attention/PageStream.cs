using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// The order in which a chunk's pages are read: the keys of every visible page, then their values, then the keys of
/// the chunk that comes next. Pages lie scattered, so the processor cannot guess where the next one begins; while one
/// is worked on, the lines of a later one are asked for.
/// </summary>
internal readonly unsafe struct PageStream
{
    // Bytes between what is worked on and what is asked for: the time of a load from memory times its bandwidth.
    private const int Distance = 8 * 1024;

    private readonly AttentionBatch* _batch;
    private readonly AttentionArguments* _call;
    private readonly UnitClaim* _claim;
    private readonly KvPageRef* _pages;
    private readonly int* _order;
    private readonly int _visible;
    private readonly int _chunk;
    private readonly int _keysAhead;
    private readonly int _valuesAhead;

    /// <summary>The stream of chunk <paramref name="chunk"/>, of whose pages <paramref name="visible"/> are read.</summary>
    public PageStream(in AttentionTile tile, int chunk, int visible)
    {
        _call = tile.Call;
        _batch = tile.Call->Batch;
        _claim = tile.Scratch.Claim;
        _pages = tile.Pages;
        _order = tile.Scratch.Visible;
        _visible = visible;
        _chunk = chunk;
        // How far ahead is only a hint: the first page stands for those of other formats too.
        ref readonly var first = ref _pages[_order[0]];
        _keysAhead = PagesAhead(first.Keys.Length);
        _valuesAhead = PagesAhead(first.Values.Length);
    }

    /// <summary>What to ask for while the keys of the visible page <paramref name="column"/> are read.</summary>
    public byte* AfterKeys(int column)
    {
        var ahead = At(column + _keysAhead);
        return ahead == null ? Keys(column) : ahead;
    }

    /// <summary>What to ask for while the values of the visible page <paramref name="column"/> are read.</summary>
    public byte* AfterValues(int column)
    {
        var ahead = At(_visible + column + _valuesAhead);
        return ahead == null ? Values(column) : ahead;
    }

    private byte* Keys(int column) => _pages[_order[column]].Keys.Pointer + _call->PageShift;

    private byte* Values(int column) => _pages[_order[column]].Values.Pointer + _call->PageShift;

    private static int PagesAhead(long bytes) => (int)Math.Max(1, Distance / bytes);

    private byte* At(int step)
    {
        if (step < _visible)
        {
            return Keys(step);
        }

        step -= _visible;
        return step < _visible ? Values(step) : Following(step - _visible);
    }

    private byte* Following(int step)
    {
        var call = _call;
        var pages = _pages;
        var chunk = _chunk + 1;
        if (call->Parts != null || chunk == call->Chunks)
        {
            var unit = _claim->Ahead(_batch);
            if (unit >= _batch->Units)
            {
                return null;
            }

            call = _batch->Unit(unit, out var head, out chunk);
            chunk = call->Parts == null ? 0 : chunk;
            pages = call->Pages + (long)head * call->PagesPerHead;
        }

        var index = chunk * TileScratch.Pages + step;
        if (step >= TileScratch.Pages || index >= call->PagesPerHead)
        {
            return null;
        }

        if (step == 0)
        {
            // The positions come first, when the visible slots are looked for.
            var end = Math.Min(index + TileScratch.Pages, call->PagesPerHead);
            for (var page = index; page < end; page++)
            {
                var positions = (byte*)pages[page].Positions.Pointer;
                CacheLines.Fetch(positions, 2 * CacheLines.Bytes);
            }
        }

        return pages[index].Keys.Pointer + call->PageShift;
    }
}

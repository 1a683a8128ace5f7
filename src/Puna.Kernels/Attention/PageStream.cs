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

    private readonly KvPageRef* _pages;
    private readonly int* _order;
    private readonly int _visible;
    private readonly KvPageRef* _following;
    private readonly int _followingCount;
    private readonly int _keysAhead;
    private readonly int _valuesAhead;

    /// <summary>The stream of chunk <paramref name="chunk"/>, of whose pages <paramref name="visible"/> are read.</summary>
    public PageStream(in AttentionTile tile, int chunk, int visible)
    {
        var call = tile.Call;
        _pages = tile.Pages;
        _order = tile.Scratch.Visible;
        _visible = visible;
        _following = call->Following(tile.Pages, chunk, out _followingCount);
        var headDim = call->Shape.HeadDim;
        _keysAhead = PagesAhead(KvPageLayout.KeyBytes(call->Shape.KeyFormat, headDim));
        _valuesAhead = PagesAhead(KvPageLayout.ValueBytes(call->Shape.ValueFormat, headDim));
    }

    /// <summary>What to ask for while the keys of the visible page <paramref name="column"/> are read.</summary>
    public byte* AfterKeys(int column) => At(column, _keysAhead);

    /// <summary>What to ask for while the values of the visible page <paramref name="column"/> are read.</summary>
    public byte* AfterValues(int column) => At(_visible + column, _valuesAhead);

    private static int PagesAhead(int bytes) => Math.Max(1, Distance / bytes);

    private byte* At(int step, int ahead)
    {
        var here = step;
        step += ahead;
        if (step < _visible)
        {
            return _pages[_order[step]].Keys.Pointer;
        }

        step -= _visible;
        if (step < _visible)
        {
            return _pages[_order[step]].Values.Pointer;
        }

        step -= _visible;
        if (step < _followingCount)
        {
            // Its positions come first, when the chunk's visible slots are looked for.
            CacheLines.Fetch((byte*)_following[step].Positions.Pointer, 2 * CacheLines.Bytes);
            return _following[step].Keys.Pointer;
        }

        return here < _visible
            ? _pages[_order[here]].Keys.Pointer
            : _pages[_order[here - _visible]].Values.Pointer;
    }
}

using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Cache;

/// <summary>
/// Some queries of a segment in one layer and the pages to which they attend, which a policy may narrow. A stage finds what
/// the stages before it left.
/// </summary>
internal ref struct KvAttendPlan
{
    private readonly Span<KvPageRef> _pages;
    private readonly Span<int> _counts;
    private readonly int _stride;
    private readonly int _tailPages;

    internal KvAttendPlan(
        int layer,
        int bank,
        NativeSpan<float> queries,
        NativeSpan<int> positions,
        Span<KvPageRef> pages,
        Span<int> counts,
        int stride,
        int tailPages
    )
    {
        Layer = layer;
        Bank = bank;
        Queries = queries;
        Positions = positions;
        _pages = pages;
        _counts = counts;
        _stride = stride;
        _tailPages = tailPages;
    }

    /// <summary>The layer that attends.</summary>
    public int Layer { get; }

    /// <summary>The bank attended to.</summary>
    public int Bank { get; }

    /// <summary>Queries [T, H, d], rotated at their positions (offset 0).</summary>
    public NativeSpan<float> Queries { get; }

    /// <summary>Position of each query, [T], ascending unless they are nodes of a token tree.</summary>
    public NativeSpan<int> Positions { get; }

    /// <summary>KV heads of the bank.</summary>
    public readonly int KvHeads => _counts.Length;

    /// <summary>Pages listed for a head, [count of that head]; before a stage narrows them, page e is entry e of the head's lane.</summary>
    public readonly Span<KvPageRef> Pages(int head) =>
        _pages.Slice((head + 1) * _stride - _counts[head], _counts[head]);

    /// <summary>
    /// Keeps the listed slots of a head. A page without a slot leaves the list, unless it holds slots of the tail whose masks
    /// are counted from the end.
    /// </summary>
    /// <param name="head">The KV head.</param>
    /// <param name="slots">A mask for each page of <see cref="Pages"/>.</param>
    public readonly void Keep(int head, ReadOnlySpan<uint> slots)
    {
        var pages = Pages(head);
        ArgumentOutOfRangeException.ThrowIfNotEqual(slots.Length, pages.Length, nameof(slots));
        var kept = pages.Length;
        for (var index = pages.Length - 1; index >= 0; index--)
        {
            var page = pages[index].Narrow(slots[index]);
            if (page.Valid != 0 || index >= pages.Length - _tailPages)
            {
                pages[--kept] = page;
            }
        }

        _counts[head] = pages.Length - kept;
    }
}

using Puna.Engine.Plan;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;

namespace Puna.Engine.Execution.Operations;

/// <summary>
/// The pages of the sequences of a batch, listed as seldom as can be: banks of one lane that are alike lie at one distance
/// everywhere, so that one list serves all of them for a pass. Where heads have lanes of their own, or policies narrow the
/// list of a layer, it serves that layer only.
/// </summary>
internal sealed class PageLists(LayerPlan plan) : IDisposable
{
    // Pages for which there is room from the start: a sequence of 4096 tokens.
    private const int FirstPages = 128;

    private readonly NativeBuffer<KvPageRef>?[] _lists = new NativeBuffer<KvPageRef>?[
        plan.Banks.Count
    ];

    // The bank that each list was made for, in this pass; -1 when it must be made anew.
    private readonly int[] _listed = new int[plan.Banks.Count];

    /// <summary>A pass begins: its segments have other pages than those of the last.</summary>
    public void Begin() => Array.Fill(_listed, -1);

    /// <summary>The bank whose pages are listed for all segments, to be read as those of <paramref name="bank"/>.</summary>
    public int Shared(KvBank bank, ReadOnlySpan<Segment> segments, out NativeSpan<KvPageRef> pages)
    {
        var cache = segments[0].Sequence.Cache;
        var lane = cache.Layout.LaneOf(bank.Id, 0);
        var listed = _listed[lane];
        if (listed >= 0 && cache.Layout.ShareList(listed, bank.Id))
        {
            pages = _lists[lane]!.Span;
            return listed;
        }

        var needed = 0L;
        foreach (ref readonly var segment in segments)
        {
            needed += (long)bank.Heads * segment.Sequence.Pages.PerHead(bank.Id);
        }

        pages = Room(lane, bank, needed);
        var start = 0L;
        foreach (ref readonly var segment in segments)
        {
            var length = (long)bank.Heads * segment.Sequence.Pages.PerHead(bank.Id);
            _ = segment.Sequence.Pages.List(bank.Id, pages.Slice(start, length).Span);
            start += length;
        }

        _listed[lane] = bank.Id;
        return bank.Id;
    }

    /// <summary>Room for lists that serve one layer.</summary>
    public NativeSpan<KvPageRef> Own(KvBank bank, long needed) => Room(0, bank, needed);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var list in _lists)
        {
            list?.Dispose();
        }
    }

    private NativeSpan<KvPageRef> Room(int list, KvBank bank, long needed)
    {
        ref var buffer = ref _lists[list];
        if (buffer is null || buffer.Length < needed)
        {
            var room = Math.Max(
                needed,
                Math.Max(FirstPages * bank.Heads, 2 * (buffer?.Length ?? 0))
            );
            buffer?.Dispose();
            buffer = new NativeBuffer<KvPageRef>(room);
        }

        return buffer.Span;
    }
}

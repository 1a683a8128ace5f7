using Puna.Engine.Cache;
using Puna.Engine.Plan;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Rope;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution.Operations;

/// <summary>
/// Attention of the segments of a ragged batch over the caches of their sequences, as one job of the threads: it lists
/// the pages, lets the policies narrow them, and masks the nodes of draft trees. Its buffers only grow.
/// </summary>
internal sealed class SegmentAttention(LayerPlan plan, RotaryAngles rotary, WorkerPool pool)
    : IDisposable
{
    private readonly PagedAttention _attention = new();
    private readonly PageLists _lists = new(plan);
    private readonly int[] _counts = new int[plan.Banks.Max(bank => bank.Heads)];
    private NativeBuffer<uint> _treeMasks = new(0);
    private NativeBuffer<int> _visibleUpTo = new(0);
    private NativeBuffer<float> _shiftedQueries = new(0);
    private AttentionRequest[] _requests = new AttentionRequest[1];
    private int _requestCount;

    /// <summary>A pass begins: its segments have other pages than those of the last.</summary>
    public void Begin() => _lists.Begin();

    /// <summary>The attention of one layer.</summary>
    /// <param name="layer">Index of the layer.</param>
    /// <param name="attention">Its branch.</param>
    /// <param name="segments">Whose tokens; their keys and values are already in the tails.</param>
    /// <param name="queries">Rotated queries [T, H * d] of all segments.</param>
    /// <param name="positions">[T].</param>
    /// <param name="output">Result [T, H * d].</param>
    public void Forward(
        int layer,
        AttentionSpec attention,
        ReadOnlySpan<Segment> segments,
        NativeSpan<float> queries,
        NativeSpan<int> positions,
        NativeSpan<float> output
    )
    {
        if (segments.IsEmpty)
        {
            return;
        }

        var bank = plan.Banks[attention.Bank];
        var cache = segments[0].Sequence.Cache;
        var policies = cache.Policies;
        if (policies.ObservedQueries > 0)
        {
            Observe(layer, attention, segments, queries, positions);
        }

        var shape = new AttentionShape(
            attention.Heads,
            bank.Heads,
            attention.HeadDim,
            attention.Scale,
            attention.Mask.Window
        );
        Reserve(bank, attention, segments, policies);
        var own = cache.Layout.IsPerHead || policies.Selects;
        NativeSpan<KvPageRef> pages;
        var pageShift = 0L;
        if (own)
        {
            pages = _lists.Own(bank, OwnPages(bank, segments, policies));
        }
        else
        {
            pageShift = cache.Layout.Distance(_lists.Shared(bank, segments, out pages), bank.Id);
        }

        _requestCount = 0;
        var width = attention.Heads * attention.HeadDim;
        var (row, page, mask, shifted) = (0L, 0L, 0L, 0L);
        foreach (ref readonly var segment in segments)
        {
            var sequence = segment.Sequence;
            var perHead = sequence.Pages.PerHead(bank.Id);
            var masks = _treeMasks.Span.Slice(
                mask,
                segment.Parents.IsEmpty ? 0 : sequence.Pages.TreeMaskCount(bank.Id)
            );
            if (!masks.IsEmpty)
            {
                sequence.Pages.TreeMasks(bank.Id, segment.Parents.Span, masks.Span);
            }

            mask += masks.Length;
            var block = QueryBlock(segment, policies);
            for (var first = 0; first < segment.Tokens; first += block)
            {
                var tokens = Math.Min(block, segment.Tokens - first);
                var rows = queries.Slice((row + first) * width, (long)tokens * width);
                var places = positions.Slice(row + first, tokens);
                var list = pages.Slice(page, (long)bank.Heads * perHead);
                var listed = perHead;
                if (own)
                {
                    page += list.Length;
                    _ = sequence.Pages.List(bank.Id, list.Span);
                    if (policies.Selects)
                    {
                        listed = Select(layer, bank, segment, rows, places, list, perHead);
                    }
                }

                var rotated = rows;
                if (sequence.Offsets.Length > 1)
                {
                    rotated = _shiftedQueries.Span.Slice(
                        shifted,
                        rows.Length * sequence.Offsets.Length
                    );
                    shifted += rotated.Length;
                    ShiftQueries(rows, attention, sequence.Offsets, tokens, rotated);
                }

                _requests[_requestCount++] = new AttentionRequest
                {
                    Queries = rotated,
                    QueryPositions = segment.IsBlock
                        ? VisibleUpTo(attention, places, row + first)
                        : places,
                    Pages = list.Slice(0, (long)bank.Heads * listed),
                    PagesPerHead = listed,
                    PageShift = pageShift,
                    TailMasks = masks,
                    TailPages = masks.IsEmpty ? 0 : sequence.Pages.Tail(bank.Id),
                    Output = output.Slice((row + first) * width, (long)tokens * width),
                };
            }

            row += segment.Tokens;
            page += own ? 0 : (long)bank.Heads * perHead;
        }

        _attention.Forward(shape, _requests.AsSpan(0, _requestCount), pool);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _attention.Dispose();
        _lists.Dispose();
        _treeMasks.Dispose();
        _visibleUpTo.Dispose();
        _shiftedQueries.Dispose();
    }

    // The kernel reads of a position only up to where the row sees: in a block that is the last one, for every row.
    private NativeSpan<int> VisibleUpTo(
        AttentionSpec attention,
        NativeSpan<int> positions,
        long row
    )
    {
        if (attention.Mask.Window > 0)
        {
            throw new InputException(
                $"A block whose tokens see each other was to be run, but this model has a layer with a window of {attention.Mask.Window} tokens; a model without windows is needed."
            );
        }

        var result = _visibleUpTo.Span.Slice(row, positions.Length);
        result.Span.Fill(positions.Length == 0 ? 0 : positions[positions.Length - 1]);
        return result;
    }

    private static void Observe(
        int layer,
        AttentionSpec attention,
        ReadOnlySpan<Segment> segments,
        NativeSpan<float> queries,
        NativeSpan<int> positions
    )
    {
        var width = attention.Heads * attention.HeadDim;
        var row = 0L;
        foreach (ref readonly var segment in segments)
        {
            // The nodes of a tree are drafts, never part of a prompt.
            if (segment.Parents.IsEmpty)
            {
                segment.Sequence.Observe(
                    layer,
                    attention.Bank,
                    positions.Slice(row, segment.Tokens),
                    queries.Slice(row * width, (long)segment.Tokens * width),
                    width
                );
            }

            row += segment.Tokens;
        }
    }

    // Masks of a tree name rows of the whole tree, so that it is never cut.
    private static int QueryBlock(in Segment segment, KvPolicyChain policies) =>
        policies.Selects && policies.QueryBlock > 0 && segment.Parents.IsEmpty
            ? policies.QueryBlock
            : Math.Max(1, segment.Tokens);

    private static int Requests(in Segment segment, KvPolicyChain policies)
    {
        var block = QueryBlock(segment, policies);
        return (segment.Tokens + block - 1) / block;
    }

    private static long OwnPages(
        KvBank bank,
        ReadOnlySpan<Segment> segments,
        KvPolicyChain policies
    )
    {
        var pages = 0L;
        foreach (ref readonly var segment in segments)
        {
            pages +=
                (long)bank.Heads
                * segment.Sequence.Pages.PerHead(bank.Id)
                * Requests(segment, policies);
        }

        return pages;
    }

    /// <summary>Lets the policies narrow a list [Hk, stride]; returns the pages of a head that are left.</summary>
    private int Select(
        int layer,
        KvBank bank,
        in Segment segment,
        NativeSpan<float> queries,
        NativeSpan<int> positions,
        NativeSpan<KvPageRef> pages,
        int stride
    )
    {
        var sequence = segment.Sequence;
        var counts = _counts.AsSpan(0, bank.Heads);
        for (var head = 0; head < bank.Heads; head++)
        {
            counts[head] = sequence.Lane(bank.Id, head).Count;
        }

        var attended = new KvAttendPlan(
            layer,
            bank.Id,
            queries,
            positions,
            pages.Span,
            counts,
            stride,
            segment.Parents.IsEmpty ? 0 : sequence.Pages.Tail(bank.Id)
        );
        sequence.Cache.Policies.BeforeAttend(sequence, ref attended);
        var most = 0;
        foreach (var count in counts)
        {
            most = Math.Max(most, count);
        }

        // What is left of a head lies at the end of its row; a head with less has pages without a slot before it.
        for (var head = 0; head < bank.Heads; head++)
        {
            var row = pages.Slice((long)head * stride, stride).Span;
            row[..(stride - counts[head])].Clear();
            row[(stride - most)..].CopyTo(pages.Slice((long)head * most, most).Span);
        }

        return most;
    }

    private static void Grow<T>(ref NativeBuffer<T> buffer, long needed)
        where T : unmanaged
    {
        if (buffer.Length < needed)
        {
            var room = Math.Max(needed, 2 * buffer.Length);
            buffer.Dispose();
            buffer = new NativeBuffer<T>(room);
        }
    }

    private void Reserve(
        KvBank bank,
        AttentionSpec attention,
        ReadOnlySpan<Segment> segments,
        KvPolicyChain policies
    )
    {
        var width = attention.Heads * attention.HeadDim;
        var (masks, shifted, rows, requests) = (0L, 0L, 0L, 0);
        foreach (ref readonly var segment in segments)
        {
            var sequence = segment.Sequence;
            masks += segment.Parents.IsEmpty ? 0 : sequence.Pages.TreeMaskCount(bank.Id);
            var groups = sequence.Offsets.Length;
            shifted += groups > 1 ? (long)segment.Tokens * width * groups : 0;
            rows += segment.Tokens;
            requests += Requests(segment, policies);
        }

        Grow(ref _treeMasks, masks);
        Grow(ref _visibleUpTo, rows);
        Grow(ref _shiftedQueries, shifted);
        if (_requests.Length < requests)
        {
            _requests = new AttentionRequest[Math.Max(requests, 2 * _requests.Length)];
        }
    }

    // Keys never move: a page whose keys were rotated at another place is met by queries rotated back by its offset.
    private void ShiftQueries(
        NativeSpan<float> queries,
        AttentionSpec attention,
        ReadOnlySpan<int> offsets,
        int tokens,
        NativeSpan<float> shifted
    )
    {
        var width = attention.Heads * attention.HeadDim;
        for (var group = 0; group < offsets.Length; group++)
        {
            // A layer that does not rotate meets its keys as they are, wherever they moved.
            var delta = attention.Rotary ? -offsets[group] : 0;
            Rotary.Shift(
                rotary,
                RotaryPairing.Halves,
                delta,
                new FloatRows(queries, tokens, width),
                new FloatRows(shifted.Slice(group * queries.Length, queries.Length), tokens, width),
                attention.HeadDim,
                pool
            );
        }
    }
}

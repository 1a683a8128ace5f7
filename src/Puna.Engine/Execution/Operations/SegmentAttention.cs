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
    // Pages for which there is room from the start: a sequence of 4096 tokens.
    private const int FirstPages = 128;

    private readonly PagedAttention _attention = new();
    private NativeBuffer<KvPageRef> _pages = new(FirstPages * plan.Banks.Max(bank => bank.Heads));
    private NativeBuffer<uint> _treeMasks = new(0);
    private NativeBuffer<int> _visibleUpTo = new(0);
    private NativeBuffer<float> _shiftedQueries = new(0);
    private AttentionRequest[] _requests = new AttentionRequest[1];

    // The bank whose pages are listed, in this pass; null when they must be listed anew.
    private KvBank? _listed;

    /// <summary>A pass begins: its segments have other pages than those of the last.</summary>
    public void Begin() => _listed = null;

    /// <summary>The attention of one layer.</summary>
    /// <param name="attention">The branch of the layer.</param>
    /// <param name="segments">Whose tokens; their keys and values are already in the tails.</param>
    /// <param name="queries">Rotated queries [T, H * d] of all segments.</param>
    /// <param name="positions">[T].</param>
    /// <param name="output">Result [T, H * d].</param>
    public void Forward(
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
        var shape = new AttentionShape(
            attention.Heads,
            bank.Heads,
            attention.HeadDim,
            attention.Scale,
            attention.Mask.Window
        );
        var width = attention.Heads * attention.HeadDim;
        Reserve(bank, segments, width);
        var list = !Listed(bank, segments);
        var (row, page, mask, shifted) = (0L, 0L, 0L, 0L);
        for (var index = 0; index < segments.Length; index++)
        {
            ref readonly var segment = ref segments[index];
            var (sequence, tokens) = (segment.Sequence, segment.Tokens);
            var rows = queries.Slice(row * width, (long)tokens * width);
            var pages = _pages.Span.Slice(page, (long)bank.Heads * sequence.PageCount(bank.Id));
            var pagesPerHead = sequence.PageCount(bank.Id);
            if (list || !sequence.Cache.Policies.IsDense)
            {
                // Policies narrow the list of their layer, so with them it is never another's.
                _ = sequence.Pages(bank.Id, pages.Span);
            }

            var attended = new KvAttendPlan(bank.Id, pages.Span, pagesPerHead);
            sequence.Cache.Policies.BeforeAttend(sequence, rows, tokens, ref attended);
            var tailPages = segment.Parents.IsEmpty ? 0 : sequence.TailPages;
            var masks = _treeMasks.Span.Slice(mask, (long)tokens * tailPages);
            if (!masks.IsEmpty)
            {
                sequence.TreeMasks(segment.Parents.Span, masks.Span);
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

            _requests[index] = new AttentionRequest
            {
                Queries = rotated,
                QueryPositions = segment.IsBlock
                    ? VisibleUpTo(attention, positions.Slice(row, tokens), row)
                    : positions.Slice(row, tokens),
                Pages = pages.Slice(0, (long)bank.Heads * attended.PagesPerHead),
                PagesPerHead = attended.PagesPerHead,
                PageShift = sequence.Cache.Policies.IsDense
                    ? sequence.Cache.Shape.Distance(_listed!.Id, bank.Id)
                    : 0,
                TailMasks = masks,
                TailPages = tailPages,
                Output = output.Slice(row * width, (long)tokens * width),
            };
            row += tokens;
            page += pages.Length;
            mask += masks.Length;
        }

        _attention.Forward(shape, _requests.AsSpan(0, segments.Length), pool);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _attention.Dispose();
        _pages.Dispose();
        _treeMasks.Dispose();
        _visibleUpTo.Dispose();
        _shiftedQueries.Dispose();
    }

    // Pages of banks that are alike lie at one distance everywhere: they are listed once for all layers of a pass.
    private bool Listed(KvBank bank, ReadOnlySpan<Segment> segments)
    {
        var alike = _listed is not null;
        foreach (ref readonly var segment in segments)
        {
            alike = alike && segment.Sequence.Cache.Shape.IsAlike(_listed!.Id, bank.Id);
        }

        if (!alike)
        {
            _listed = bank;
        }

        return alike;
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

    private void Reserve(KvBank bank, ReadOnlySpan<Segment> segments, int width)
    {
        var (pages, masks, shifted, rows) = (0L, 0L, 0L, 0L);
        foreach (ref readonly var segment in segments)
        {
            var sequence = segment.Sequence;
            pages += (long)bank.Heads * sequence.PageCount(bank.Id);
            masks += segment.Parents.IsEmpty ? 0 : (long)segment.Tokens * sequence.TailPages;
            var groups = sequence.Offsets.Length;
            shifted += groups > 1 ? (long)segment.Tokens * width * groups : 0;
            rows += segment.Tokens;
        }

        Grow(ref _pages, pages);
        Grow(ref _treeMasks, masks);
        Grow(ref _visibleUpTo, rows);
        Grow(ref _shiftedQueries, shifted);
        if (_requests.Length < segments.Length)
        {
            _requests = new AttentionRequest[Math.Max(segments.Length, 2 * _requests.Length)];
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

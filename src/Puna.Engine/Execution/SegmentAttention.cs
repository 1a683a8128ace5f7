using Puna.Engine.Cache;
using Puna.Engine.Plan;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Rope;
using Puna.Kernels.Threads;

namespace Puna.Engine.Execution;

/// <summary>
/// Attention of the segments of a ragged batch over the caches of their sequences, as one job of the threads: it lists
/// the pages, lets the policies narrow them, and masks the nodes of draft trees. Its buffers only grow.
/// </summary>
internal sealed class SegmentAttention(LayerPlan plan, RotaryTable rotary, WorkerPool pool)
    : IDisposable
{
    // Pages for which there is room from the start: a sequence of 4096 tokens.
    private const int FirstPages = 128;

    private readonly PagedAttention _attention = new();
    private NativeBuffer<KvPageRef> _pages = new(FirstPages * plan.Banks.Max(bank => bank.Heads));
    private NativeBuffer<uint> _treeMasks = new(0);
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
    /// <exception cref="ArgumentException">The sequences store keys and values in different formats.</exception>
    public void Forward(
        AttentionBranch attention,
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
        var formats = segments[0].Sequence.Cache.Shape;
        var shape = new AttentionShape(
            attention.Heads,
            bank.Heads,
            attention.HeadDim,
            attention.Scale,
            attention.Mask.Window,
            formats.KeyFormat,
            formats.ValueFormat
        );
        var width = attention.Heads * attention.HeadDim;
        Reserve(bank, segments, width);
        var list = !Listed(bank);
        var (row, page, mask, shifted) = (0L, 0L, 0L, 0L);
        for (var index = 0; index < segments.Length; index++)
        {
            ref readonly var segment = ref segments[index];
            var (sequence, tokens) = (segment.Sequence, segment.Tokens);
            if (
                sequence.Cache.Shape.KeyFormat != formats.KeyFormat
                || sequence.Cache.Shape.ValueFormat != formats.ValueFormat
            )
            {
                throw new ArgumentException("The sequences of a batch must share one cache.");
            }

            var rows = queries.Slice(row * width, (long)tokens * width);
            var pages = _pages.Span.Slice(page, (long)bank.Heads * sequence.PagesPerHead(bank.Id));
            var pagesPerHead = sequence.PagesPerHead(bank.Id);
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
                QueryPositions = positions.Slice(row, tokens),
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
        _shiftedQueries.Dispose();
    }

    // Pages of banks of one shape lie at one distance everywhere: they are listed once for all layers of a pass.
    private bool Listed(KvBank bank)
    {
        if (_listed is { } listed && (listed.Heads, listed.HeadDim) == (bank.Heads, bank.HeadDim))
        {
            return true;
        }

        _listed = bank;
        return false;
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
        var (pages, masks, shifted) = (0L, 0L, 0L);
        foreach (ref readonly var segment in segments)
        {
            var sequence = segment.Sequence;
            pages += (long)bank.Heads * sequence.PagesPerHead(bank.Id);
            masks += segment.Parents.IsEmpty ? 0 : (long)segment.Tokens * sequence.TailPages;
            var groups = sequence.Offsets.Length;
            shifted += groups > 1 ? (long)segment.Tokens * width * groups : 0;
        }

        Grow(ref _pages, pages);
        Grow(ref _treeMasks, masks);
        Grow(ref _shiftedQueries, shifted);
        if (_requests.Length < segments.Length)
        {
            _requests = new AttentionRequest[Math.Max(segments.Length, 2 * _requests.Length)];
        }
    }

    // Keys never move: a page whose keys were rotated at another place is met by queries rotated back by its offset.
    private void ShiftQueries(
        NativeSpan<float> queries,
        AttentionBranch attention,
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
                queries,
                width,
                shifted.Slice(group * queries.Length, queries.Length),
                width,
                tokens,
                attention.Heads,
                attention.HeadDim,
                pool
            );
        }
    }
}

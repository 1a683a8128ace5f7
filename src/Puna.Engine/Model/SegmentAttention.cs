using Puna.Engine.Cache;
using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Kernels.Rope;
using Puna.Kernels.Threads;

namespace Puna.Engine.Model;

/// <summary>
/// Attention of the segments of a ragged batch over the caches of their sequences: it lists the pages, lets the
/// policies narrow them, and masks the nodes of draft trees. Its buffers only grow.
/// </summary>
internal sealed class SegmentAttention(LayerPlan plan, RotaryTable rotary, WorkerPool pool)
    : IDisposable
{
    // Pages of a sequence for which there is room from the start: 4096 tokens.
    private const int FirstPages = 128;

    private readonly PagedAttention _attention = new();
    private NativeBuffer<float>? _shiftedQueries;
    private KvPageRef[] _pages = new KvPageRef[FirstPages * plan.Banks.Max(bank => bank.Heads)];
    private uint[] _treeMasks = [];

    /// <summary>The rows of one segment.</summary>
    /// <param name="attention">The branch of the layer.</param>
    /// <param name="segment">Whose tokens; their keys and values are already in the tail.</param>
    /// <param name="queries">Rotated queries [T, H * d].</param>
    /// <param name="positions">[T].</param>
    /// <param name="output">Result [T, H * d].</param>
    public void Forward(
        AttentionBranch attention,
        in Segment segment,
        NativeSpan<float> queries,
        ReadOnlySpan<int> positions,
        NativeSpan<float> output
    )
    {
        var bank = plan.Banks[attention.Bank];
        var sequence = segment.Sequence;
        var pagesPerHead = sequence.PageCount(bank.Id);
        if (_pages.Length < bank.Heads * pagesPerHead)
        {
            _pages = new KvPageRef[Math.Max(bank.Heads * pagesPerHead, 2 * _pages.Length)];
        }

        _ = sequence.Pages(bank.Id, _pages);
        var attended = new KvAttendPlan(
            bank.Id,
            _pages.AsSpan(0, bank.Heads * pagesPerHead),
            pagesPerHead
        );
        sequence.Cache.Policies.BeforeAttend(sequence, queries, segment.Tokens, ref attended);
        var shape = new AttentionShape(
            attention.Heads,
            bank.Heads,
            attention.HeadDim,
            attention.Scale,
            attention.Mask.Window,
            sequence.Cache.Shape.KeyFormat,
            sequence.Cache.Shape.ValueFormat
        );
        if (sequence.Offsets.Length > 1)
        {
            queries = ShiftQueries(queries, attention, sequence.Offsets, segment.Tokens);
        }

        var maskedPages = segment.Parents.IsEmpty ? 0 : sequence.TailPages;
        _attention.Forward(
            shape,
            queries,
            segment.Tokens,
            positions,
            attended.Pages[..(bank.Heads * attended.PagesPerHead)],
            attended.PagesPerHead,
            TreeMasks(segment, segment.Tokens * maskedPages),
            maskedPages,
            output,
            pool
        );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _attention.Dispose();
        _shiftedQueries?.Dispose();
    }

    private ReadOnlySpan<uint> TreeMasks(Segment segment, int length)
    {
        if (length == 0)
        {
            return [];
        }

        if (_treeMasks.Length < length)
        {
            _treeMasks = new uint[Math.Max(length, 2 * _treeMasks.Length)];
        }

        var masks = _treeMasks.AsSpan(0, length);
        segment.Sequence.TreeMasks(segment.Parents.Span, masks);
        return masks;
    }

    // Keys never move: a page whose keys were rotated at another place is met by queries rotated back by its offset.
    private NativeSpan<float> ShiftQueries(
        NativeSpan<float> queries,
        AttentionBranch attention,
        ReadOnlySpan<int> offsets,
        int tokens
    )
    {
        var needed = queries.Length * offsets.Length;
        if (_shiftedQueries is null || _shiftedQueries.Length < needed)
        {
            _shiftedQueries?.Dispose();
            _shiftedQueries = new NativeBuffer<float>(needed);
        }

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
                _shiftedQueries.Span.Slice(group * queries.Length, queries.Length),
                width,
                tokens,
                attention.Heads,
                attention.HeadDim,
                pool
            );
        }

        return _shiftedQueries.Span.Slice(0, needed);
    }
}

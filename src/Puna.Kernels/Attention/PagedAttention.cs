using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Attention;

/// <summary>
/// softmax(scale * q K^T + mask) V over the pages of a KV cache, tiled with a running maximum and sum (FlashAttention,
/// Dao et al. 2022, algorithm 1), so that no T x T matrix ever exists.
/// <para>
/// A query's result has the same bits whatever the number of threads and whatever other queries it is computed with,
/// as long as the pages stand at the same places of the table. A query that sees no slot gets zeros. Keys that are not
/// visible have no influence, even when they hold NaN.
/// </para>
/// <para>One call at a time; the scratch memory is kept between calls and only grows.</para>
/// </summary>
public sealed unsafe class PagedAttention : IDisposable
{
    // Tiles a thread below which the chunks of a tile are shared out, so that no thread waits long for another.
    private const int TilesPerThread = 4;

    // Floats before the counters of the heads: the counter of the units, on cache lines of its own.
    private const int UnitFloats = 32;

    private NativeBuffer<float> _memory = new(0);

    /// <summary>Attention of T new tokens of one sequence; their keys are already in the pages.</summary>
    /// <param name="shape">Heads, scale, window, formats.</param>
    /// <param name="queries">Rotated queries [offsetGroups, T, H, d], contiguous.</param>
    /// <param name="tokens">T.</param>
    /// <param name="queryPositions">Position of each query, [T].</param>
    /// <param name="pages">Pages [Hk, pagesPerHead]: page i of KV head h at h * pagesPerHead + i.</param>
    /// <param name="pagesPerHead">Pages of each KV head.</param>
    /// <param name="output">Result [T, H, d], contiguous; must not overlap the queries.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    public void Forward(
        in AttentionShape shape,
        NativeSpan<float> queries,
        int tokens,
        ReadOnlySpan<int> queryPositions,
        ReadOnlySpan<KvPageRef> pages,
        int pagesPerHead,
        NativeSpan<float> output,
        WorkerPool pool
    ) => Forward(shape, queries, tokens, queryPositions, pages, pagesPerHead, [], 0, output, pool);

    /// <summary>The same with a mask over the last pages of every KV head, for the tokens of a draft tree.</summary>
    /// <param name="shape">Heads, scale, window, formats.</param>
    /// <param name="queries">Rotated queries [offsetGroups, T, H, d], contiguous.</param>
    /// <param name="tokens">T.</param>
    /// <param name="queryPositions">Position of each query, [T].</param>
    /// <param name="pages">Pages [Hk, pagesPerHead]: page i of KV head h at h * pagesPerHead + i.</param>
    /// <param name="pagesPerHead">Pages of each KV head.</param>
    /// <param name="tailMasks">
    /// [T, tailPages]: bit s of entry j allows slot s of page pagesPerHead - tailPages + j; validity, position and
    /// window apply as well.
    /// </param>
    /// <param name="tailPages">Pages that the masks cover; 0 for none.</param>
    /// <param name="output">Result [T, H, d], contiguous; must not overlap the queries.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    public void Forward(
        in AttentionShape shape,
        NativeSpan<float> queries,
        int tokens,
        ReadOnlySpan<int> queryPositions,
        ReadOnlySpan<KvPageRef> pages,
        int pagesPerHead,
        ReadOnlySpan<uint> tailMasks,
        int tailPages,
        NativeSpan<float> output,
        WorkerPool pool
    )
    {
        Check(
            shape,
            queries.Length,
            tokens,
            queryPositions.Length,
            pages,
            pagesPerHead,
            output.Length
        );
        if (
            tailPages < 0
            || tailPages > pagesPerHead
            || tailMasks.Length != (long)tokens * tailPages
        )
        {
            throw new ArgumentException(
                $"{tokens} x {tailPages} tail masks over {pagesPerHead} pages were expected, not {tailMasks.Length}."
            );
        }

        if (tokens == 0)
        {
            return;
        }

        fixed (int* positionPointer = queryPositions)
        fixed (KvPageRef* pagePointer = pages)
        fixed (uint* maskPointer = tailMasks)
        {
            var call = new AttentionArguments
            {
                Shape = shape,
                Queries = queries.Pointer,
                Tokens = tokens,
                QueryPositions = positionPointer,
                Pages = pagePointer,
                PagesPerHead = pagesPerHead,
                TailMasks = maskPointer,
                TailPages = tailPages,
                Output = output.Pointer,
            };
            Run(&call, pool);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private static void Check(
        in AttentionShape shape,
        long queries,
        int tokens,
        int positions,
        ReadOnlySpan<KvPageRef> pages,
        int pagesPerHead,
        long output
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.KvHeads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.HeadDim, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        ArgumentOutOfRangeException.ThrowIfNegative(shape.Window);
        if (shape.QueryHeads < 1 || shape.QueryHeads % shape.KvHeads != 0)
        {
            throw new ArgumentException(
                $"{shape.QueryHeads} query heads are not a multiple of {shape.KvHeads} KV heads."
            );
        }

        var group = (long)tokens * shape.QueryHeads * shape.HeadDim;
        if (output != group || positions != tokens)
        {
            throw new ArgumentException(
                $"{tokens} positions and {group} results were expected, not {positions} and {output}."
            );
        }

        if (pagesPerHead < 0 || pages.Length != (long)pagesPerHead * shape.KvHeads)
        {
            throw new ArgumentException(
                $"{shape.KvHeads} x {pagesPerHead} pages were expected, not {pages.Length}."
            );
        }

        var keyBytes = KvPageLayout.KeyBytes(shape.KeyFormat, shape.HeadDim);
        var valueBytes = KvPageLayout.ValueBytes(shape.ValueFormat, shape.HeadDim);
        var highestGroup = 0;
        foreach (ref readonly var page in pages)
        {
            if (page.Valid == 0)
            {
                continue;
            }

            if (
                page.Keys.Length < keyBytes
                || page.Values.Length < valueBytes
                || page.Positions.Length < KvPageRef.Slots
                || page.OffsetGroup < 0
            )
            {
                throw new ArgumentException(
                    $"A page needs {keyBytes} + {valueBytes} bytes and {KvPageRef.Slots} positions, not {page.Keys.Length} + {page.Values.Length} and {page.Positions.Length}."
                );
            }

            highestGroup = Math.Max(highestGroup, page.OffsetGroup);
        }

        if (queries < group * (highestGroup + 1L))
        {
            throw new ArgumentException(
                $"{highestGroup + 1} offset groups of {group} query elements were expected, not {queries} elements."
            );
        }
    }

    private void Run(AttentionArguments* call, WorkerPool pool)
    {
        var heads = call->Shape.KvHeads;
        var split =
            call->Tiles == 1
            && call->Chunks > 1
            && pool.Threads > 1
            && heads < TilesPerThread * pool.Threads;
        var scratch = pool.Threads * TileScratch.Floats(call->Shape.HeadDim);
        var parts = split ? heads * call->Chunks * call->PartFloats : 0;
        var counters = UnitFloats + (heads + 31) / 32 * 32;
        Reserve(counters + scratch + parts);
        var start = _memory.Span.Pointer;
        new Span<float>(start, counters).Clear();
        call->NextUnit = (int*)start;
        call->ChunksDone = call->NextUnit + UnitFloats;
        call->Scratch = start + counters;
        call->Parts = split ? call->Scratch + scratch : null;
        var slots = (long)call->PagesPerHead * KvPageRef.Slots;
        var work = slots * call->Tokens * call->Shape.QueryHeads * call->Shape.HeadDim;
        Dispatch.Run(new AttentionJob(call), pool, work);
    }

    private void Reserve(long floats)
    {
        if (_memory.Length < floats)
        {
            // At least double: a sequence that grows page by page asks for a little more each time.
            var room = Math.Max(floats, 2 * _memory.Length);
            _memory.Dispose();
            _memory = new NativeBuffer<float>(room);
        }
    }
}

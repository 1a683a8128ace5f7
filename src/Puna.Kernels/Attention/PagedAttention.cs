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
/// visible have no influence, even when they hold NaN. Each page has formats of its own; one whose format has no loads
/// here is widened by it and then read as an F32 page.
/// </para>
/// <para>One call at a time; the scratch memory is kept between calls and only grows.</para>
/// </summary>
public sealed unsafe class PagedAttention : IDisposable
{
    /// <summary>Pages that are summed by themselves before they are merged, counted from the first page of a head.</summary>
    public const int ChunkPages = TileScratch.Pages;

    // Tiles a thread below which the chunks of a tile are shared out, so that no thread waits long for another.
    private const int TilesPerThread = 4;

    // Floats before the counters of the heads: the counter of the units, on cache lines of its own.
    private const int UnitFloats = 32;

    private NativeBuffer<AttentionArguments> _calls = new(1);
    private NativeBuffer<float> _memory = new(0);

    /// <summary>Attention of new tokens of some sequences, in one job of the threads.</summary>
    /// <param name="shape">Heads, scale, window.</param>
    /// <param name="requests">The sequences.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    public void Forward(
        in AttentionShape shape,
        ReadOnlySpan<AttentionRequest> requests,
        WorkerPool pool
    )
    {
        if (_calls.Length < requests.Length)
        {
            _calls.Dispose();
            _calls = new NativeBuffer<AttentionArguments>(requests.Length);
        }

        var batch = new AttentionBatch { Calls = _calls.Span.Pointer };
        foreach (ref readonly var request in requests)
        {
            AttentionChecks.Require(shape, request);
            if (request.Tokens > 0)
            {
                batch.Calls[batch.Count++] = new AttentionArguments
                {
                    Shape = shape,
                    Batch = &batch,
                    Queries = request.Queries.Pointer,
                    Tokens = request.Tokens,
                    QueryPositions = request.QueryPositions.Pointer,
                    Pages = request.Pages.Pointer,
                    PagesPerHead = request.PagesPerHead,
                    PageShift = (nint)request.PageShift,
                    TailMasks = request.TailMasks.Pointer,
                    TailPages = request.TailPages,
                    TailHeadStride = request.HasTailMasksByHead(shape.KvHeads)
                        ? (long)request.Tokens * request.TailPages
                        : 0,
                    Output = request.Output.Pointer,
                };
            }
        }

        if (batch.Count > 0)
        {
            Run(&batch, shape, pool);
        }
    }

    /// <summary>The same for one sequence, without masks, from managed memory.</summary>
    /// <param name="shape">Heads, scale, window.</param>
    /// <param name="queries">Rotated queries [offsetGroups, T, H, d], contiguous.</param>
    /// <param name="queryPositions">Position of each query, [T].</param>
    /// <param name="pages">Pages [Hk, pagesPerHead]: page i of KV head h at h * pagesPerHead + i.</param>
    /// <param name="pagesPerHead">Pages of each KV head.</param>
    /// <param name="output">Result [T, H, d], contiguous; must not overlap the queries.</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">A length does not fit the shape.</exception>
    public void Forward(
        in AttentionShape shape,
        NativeSpan<float> queries,
        ReadOnlySpan<int> queryPositions,
        ReadOnlySpan<KvPageRef> pages,
        int pagesPerHead,
        NativeSpan<float> output,
        WorkerPool pool
    )
    {
        fixed (int* positionPointer = queryPositions)
        fixed (KvPageRef* pagePointer = pages)
        {
            Forward(
                shape,
                [
                    new AttentionRequest
                    {
                        Queries = queries,
                        QueryPositions = new(positionPointer, queryPositions.Length),
                        Pages = new(pagePointer, pages.Length),
                        PagesPerHead = pagesPerHead,
                        Output = output,
                    },
                ],
                pool
            );
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _calls.Dispose();
        _memory.Dispose();
    }

    private void Run(AttentionBatch* batch, in AttentionShape shape, WorkerPool pool)
    {
        var tiles = 0L;
        for (var index = 0; index < batch->Count; index++)
        {
            tiles += (long)shape.KvHeads * batch->Calls[index].Tiles;
        }

        // Memory: the counter of the units, a scratch for each thread, then what the calls that are split need.
        var few = pool.Threads > 1 && tiles < TilesPerThread * pool.Threads;
        var scratch = pool.Threads * TileScratch.Floats(shape.HeadDim);
        var counters = (shape.KvHeads + 31) / 32 * 32;
        var needed = UnitFloats + scratch;
        for (var index = 0; index < batch->Count; index++)
        {
            needed += few ? counters + PartFloats(batch->Calls + index) : 0;
        }

        Reserve(needed);
        var next = _memory.Span.Pointer;
        batch->NextUnit = (int*)next;
        *batch->NextUnit = 0;
        batch->Scratch = next + UnitFloats;
        next = batch->Scratch + scratch;
        var work = 0L;
        for (var index = 0; index < batch->Count; index++)
        {
            var call = batch->Calls + index;
            var parts = few ? PartFloats(call) : 0;
            if (parts > 0)
            {
                new Span<float>(next, counters).Clear();
                call->ChunksDone = (int*)next;
                call->Parts = next + counters;
                next += counters + parts;
            }

            call->FirstUnit = batch->Units;
            batch->Units += shape.KvHeads * call->UnitsPerHead;
            work += (long)call->PagesPerHead * KvPageRef.Slots * call->Tokens;
        }

        Dispatch.Run(
            new AttentionJob(batch, shape.HeadDim),
            pool,
            work * shape.QueryHeads * shape.HeadDim
        );
    }

    /// <summary>Floats for the results of the chunks of a call, 0 when there is only one chunk or more than one tile.</summary>
    private static long PartFloats(AttentionArguments* call) =>
        call->Tiles == 1 && call->Chunks > 1
            ? call->Shape.KvHeads * call->Chunks * call->PartFloats
            : 0;

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

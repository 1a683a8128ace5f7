using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>
/// Takes units of work until none is left: a tile of query rows of a KV head of a sequence, or one chunk of its pages
/// when there are too few tiles for the threads; who ends the last chunk of a head merges them all. Who takes which unit has no
/// influence on the result.
/// </summary>
internal readonly unsafe struct AttentionJob(AttentionBatch* batch, int headDim) : ILanesJob
{
    private readonly AttentionBatch* _batch = batch;

    /// <inheritdoc/>
    public void Execute<TLanes>(int part, int parts)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var scratch = new TileScratch(
            _batch->Scratch + part * TileScratch.Floats(headDim),
            headDim
        );
        *scratch.Claim = default;
        while (true)
        {
            var unit = scratch.Claim->Take(_batch);
            if (unit >= _batch->Units)
            {
                return;
            }

            var call = _batch->Unit(unit, out var head, out var index);
            if (call->Parts == null)
            {
                WholeTile<TLanes>(call, scratch, head, index * TileScratch.Rows);
            }
            else
            {
                OneChunk<TLanes>(call, scratch, head, index);
            }
        }
    }

    private static void WholeTile<TLanes>(
        AttentionArguments* call,
        in TileScratch scratch,
        int head,
        int firstRow
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var tile = new AttentionTile(call, scratch, head, firstRow);
        TileResult.Reset(tile);
        var chunks = call->Chunks;
        var sums = scratch.PartSums;
        var maxima = scratch.PartMaxima;
        var totals = scratch.PartTotals;
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            if (tile.Chunk<TLanes>(chunk, sums, maxima, totals))
            {
                TileResult.Merge<TLanes>(tile, sums, maxima, totals);
            }
        }

        TileResult.Finish<TLanes>(tile);
    }

    private static void OneChunk<TLanes>(
        AttentionArguments* call,
        in TileScratch scratch,
        int head,
        int chunk
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var tile = new AttentionTile(call, scratch, head, 0);
        var part = new ChunkPart(call, head, chunk);
        if (!tile.Chunk<TLanes>(chunk, part.Sums, part.Maxima, part.Totals))
        {
            new Span<float>(part.Maxima, call->Rows).Fill(float.NegativeInfinity);
        }

        var chunks = call->Chunks;
        if (Interlocked.Increment(ref call->ChunksDone[head]) < chunks)
        {
            return;
        }

        TileResult.Reset(tile);
        for (chunk = 0; chunk < chunks; chunk++)
        {
            part = new ChunkPart(call, head, chunk);
            TileResult.Merge<TLanes>(tile, part.Sums, part.Maxima, part.Totals);
        }

        TileResult.Finish<TLanes>(tile);
    }
}

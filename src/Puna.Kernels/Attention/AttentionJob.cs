using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>
/// Takes units of work until none is left: a tile of query rows of a KV head, or one chunk of its pages when there are
/// too few tiles for the threads; who ends the last chunk of a head merges them all. Who takes which unit has no
/// influence on the result.
/// </summary>
internal readonly unsafe struct AttentionJob(AttentionArguments* call) : ILanesJob
{
    private readonly AttentionArguments* _call = call;

    /// <inheritdoc/>
    public void Execute<TLanes>(int part, int parts)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var headDim = _call->Shape.HeadDim;
        var scratch = new TileScratch(_call->Scratch + part * TileScratch.Floats(headDim), headDim);
        *scratch.Claim = default;
        while (true)
        {
            var unit = scratch.Claim->Take(_call);
            if (unit >= _call->Units)
            {
                return;
            }

            var (head, index) = _call->Unit(unit);
            if (_call->Parts == null)
            {
                WholeTile<TLanes>(scratch, head, index * TileScratch.Rows);
            }
            else
            {
                OneChunk<TLanes>(scratch, head, index);
            }
        }
    }

    private void WholeTile<TLanes>(in TileScratch scratch, int head, int firstRow)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var tile = new AttentionTile(_call, scratch, head, firstRow);
        TileResult.Reset(tile);
        var chunks = _call->Chunks;
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

    private void OneChunk<TLanes>(in TileScratch scratch, int head, int chunk)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var tile = new AttentionTile(_call, scratch, head, 0);
        var part = new ChunkPart(_call, head, chunk);
        if (!tile.Chunk<TLanes>(chunk, part.Sums, part.Maxima, part.Totals))
        {
            new Span<float>(part.Maxima, _call->Rows).Fill(float.NegativeInfinity);
        }

        var chunks = _call->Chunks;
        if (Interlocked.Increment(ref _call->ChunksDone[head]) < chunks)
        {
            return;
        }

        TileResult.Reset(tile);
        for (chunk = 0; chunk < chunks; chunk++)
        {
            part = new ChunkPart(_call, head, chunk);
            TileResult.Merge<TLanes>(tile, part.Sums, part.Maxima, part.Totals);
        }

        TileResult.Finish<TLanes>(tile);
    }
}

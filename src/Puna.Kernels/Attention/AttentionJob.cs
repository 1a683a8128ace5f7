using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>
/// Takes units of work until none is left: a tile of query rows of a KV head, or one chunk of its pages when there are
/// too few tiles for the threads. Who takes which unit has no influence on the result.
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
        var perHead = _call->Parts == null ? _call->Tiles : _call->Chunks;
        var units = _call->Shape.KvHeads * perHead;
        while (true)
        {
            var unit = Interlocked.Increment(ref *_call->NextUnit) - 1;
            if (unit >= units)
            {
                return;
            }

            var head = unit / perHead;
            // The last tile sees most pages: it goes first, so that the threads finish together.
            var index = perHead - 1 - unit % perHead;
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
        var tile = new AttentionTile<TLanes>(_call, scratch, head, firstRow);
        tile.Reset();
        var chunks = _call->Chunks;
        for (var chunk = 0; chunk < chunks; chunk++)
        {
            if (tile.Chunk(chunk, scratch.PartSums, scratch.PartMaxima, scratch.PartTotals))
            {
                tile.Merge(scratch.PartSums, scratch.PartMaxima, scratch.PartTotals);
            }
        }

        tile.Finish();
    }

    private void OneChunk<TLanes>(in TileScratch scratch, int head, int chunk)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var tile = new AttentionTile<TLanes>(_call, scratch, head, 0);
        var part = new ChunkPart(_call, head, chunk);
        if (!tile.Chunk(chunk, part.Sums, part.Maxima, part.Totals))
        {
            new Span<float>(part.Maxima, _call->Rows).Fill(float.NegativeInfinity);
        }
    }
}

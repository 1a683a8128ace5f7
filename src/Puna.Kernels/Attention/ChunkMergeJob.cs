using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>Merges the results of the chunks of every KV head, in the order of the pages.</summary>
internal readonly unsafe struct ChunkMergeJob(AttentionArguments* call) : ILanesJob
{
    private readonly AttentionArguments* _call = call;

    /// <inheritdoc/>
    public void Execute<TLanes>(int part, int parts)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var headDim = _call->Shape.HeadDim;
        var scratch = new TileScratch(_call->Scratch + part * TileScratch.Floats(headDim), headDim);
        var heads = _call->Shape.KvHeads;
        var chunks = _call->Chunks;
        var end = Dispatch.PartStart(heads, part + 1, parts);
        for (var head = Dispatch.PartStart(heads, part, parts); head < end; head++)
        {
            var tile = new AttentionTile<TLanes>(_call, scratch, head, 0);
            tile.Reset();
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                var result = new ChunkPart(_call, head, chunk);
                tile.Merge(result.Sums, result.Maxima, result.Totals);
            }

            tile.Finish();
        }
    }
}

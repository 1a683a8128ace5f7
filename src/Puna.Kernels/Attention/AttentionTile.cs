namespace Puna.Kernels.Attention;

/// <summary>
/// Some query rows (token x query head) of one KV head and the memory to work on them. A row's result does not depend
/// on the tile, the thread or the number of tokens it is computed with: chunks are fixed by the page's index, each is
/// summed by itself around its own maximum, and chunks are merged in order.
/// </summary>
internal readonly unsafe struct AttentionTile
{
    /// <summary>The call that the tile belongs to.</summary>
    public readonly AttentionArguments* Call;

    /// <summary>Memory of the thread.</summary>
    public readonly TileScratch Scratch;

    /// <summary>Pages of the KV head.</summary>
    public readonly KvPageRef* Pages;

    /// <summary>Tail masks of the KV head, [T, tail pages], or null.</summary>
    public readonly uint* TailMasks;

    /// <summary>Rows of the tile.</summary>
    public readonly int Rows;

    /// <summary>Channels rounded up to two of the widest vectors.</summary>
    public readonly int Padded;

    /// <summary>Prepares rows <paramref name="firstRow"/>.. of KV head <paramref name="head"/>.</summary>
    public AttentionTile(AttentionArguments* call, in TileScratch scratch, int head, int firstRow)
    {
        Call = call;
        Scratch = scratch;
        Pages = call->Pages + (long)head * call->PagesPerHead;
        TailMasks = call->TailMasks + head * call->TailHeadStride;
        Rows = Math.Min(TileScratch.Rows, call->Rows - firstRow);
        Padded = TileScratch.PaddedDim(call->Shape.HeadDim);
        var group = call->GroupHeads;
        var (token, inGroup) = Math.DivRem(firstRow, group);
        for (var row = 0; row < Rows; row++)
        {
            scratch.Tokens[row] = token;
            scratch.Positions[row] = call->QueryPositions[token];
            scratch.Offsets[row] =
                ((long)token * call->Shape.QueryHeads + head * group + inGroup)
                * call->Shape.HeadDim;
            if (++inGroup == group)
            {
                (token, inGroup) = (token + 1, 0);
            }
        }
    }

    /// <summary>
    /// Attention to the pages of one chunk alone (line 10 of algorithm 1): the greatest score
    /// m, l = sum e^(s - m), O = sum e^(s - m) v. False when no row sees any slot of it; nothing is written then.
    /// </summary>
    public bool Chunk<TLanes>(int chunk, float* sums, float* maxima, float* totals)
        where TLanes : unmanaged, Lanes.ILanes<TLanes>
    {
        var visible = TilePages.Classify(this, chunk);
        if (visible == 0)
        {
            return false;
        }

        var stream = new PageStream(this, chunk, visible);
        TileScores.Forward<TLanes>(this, stream, visible);
        TileScores.Weigh<TLanes>(this, visible, maxima, totals);
        new Span<float>(sums, Rows * Padded).Clear();
        TileValues.Forward<TLanes>(this, stream, visible, sums);
        return true;
    }
}

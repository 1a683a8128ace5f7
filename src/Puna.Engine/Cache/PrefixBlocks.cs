using Puna.Kernels.Attention;

namespace Puna.Engine.Cache;

/// <summary>The blocks that the nodes of a prefix tree hold, one for each lane: which can be taken in, shared and given back.</summary>
internal sealed class PrefixBlocks(KvCache cache)
{
    /// <summary>Takes a reference to each block.</summary>
    public void Retain(KvBlockRef[] blocks)
    {
        for (var lane = 0; lane < blocks.Length; lane++)
        {
            if (blocks[lane].Exists)
            {
                PoolOf(lane, blocks[lane]).Retain(blocks[lane].Block);
            }
        }
    }

    /// <summary>How many blocks of a path can be taken: every lane must have what its window reaches from there.</summary>
    public int Usable(List<PrefixNode> path)
    {
        for (var taken = path.Count; taken > 0; taken--)
        {
            var whole = true;
            for (var lane = 0; whole && lane < cache.Layout.Lanes.Length; lane++)
            {
                for (var depth = taken - 1; whole && depth >= FirstNeeded(lane, taken); depth--)
                {
                    whole = path[depth].Blocks[lane].Exists;
                }
            }

            if (whole)
            {
                return taken;
            }
        }

        return 0;
    }

    /// <summary>
    /// The first block that a lane needs when so many are taken: whole chunks of the attention kernel are left out, so that
    /// the others are summed as if those were there. The last token is run again, and sees one position more.
    /// </summary>
    public int FirstNeeded(int lane, int taken)
    {
        var window = cache.Layout.Lanes[lane].Window;
        if (window == 0)
        {
            return 0;
        }

        var position = Math.Max(0, taken * PrefixNode.Tokens - window - 1);
        return position / PrefixNode.Tokens / PagedAttention.ChunkPages * PagedAttention.ChunkPages;
    }

    /// <summary>
    /// The blocks that hold tokens 32 b to 32 b + 31 as they were computed or sealed, none for a lane that has given its up; null when
    /// a lane has dropped or moved some of them.
    /// </summary>
    public static KvBlockRef[]? BlocksOf(KvSequence sequence, int block)
    {
        var blocks = new KvBlockRef[sequence.Lanes.Length];
        for (var lane = 0; lane < blocks.Length; lane++)
        {
            blocks[lane] = PlainBlock(sequence.Lanes[lane], block);
            if (
                !blocks[lane].Exists
                && (block + 1) * PrefixNode.Tokens > sequence.Lanes[lane].FirstPosition
            )
            {
                return null;
            }
        }

        return blocks;
    }

    private static KvBlockRef PlainBlock(KvLane lane, int block)
    {
        var table = lane.Table;
        var index = block - lane.FirstPosition / PrefixNode.Tokens;
        if (
            index < 0
            || index >= table.Count
            || table[index].Valid != uint.MaxValue
            || table[index].Offset != 0
        )
        {
            return KvBlockRef.None;
        }

        var positions = table.Positions(table[index]).Span;
        for (var slot = 0; slot < positions.Length; slot++)
        {
            if (positions[slot] != block * PrefixNode.Tokens + slot)
            {
                return KvBlockRef.None;
            }
        }

        return table[index].Reference;
    }

    /// <summary>Gives a node the blocks of lanes that whoever published it had given up.</summary>
    public void Complete(PrefixNode node, KvSequence sequence, int block)
    {
        for (var lane = 0; lane < node.Blocks.Length; lane++)
        {
            if (
                !node.Blocks[lane].Exists
                && PlainBlock(sequence.Lanes[lane], block) is { Exists: true } own
            )
            {
                node.Blocks[lane] = own;
                PoolOf(lane, own).Retain(own.Block);
            }
        }
    }

    public void Release(PrefixNode node)
    {
        for (var lane = 0; lane < node.Blocks.Length; lane++)
        {
            if (node.Blocks[lane] is { Exists: true } block)
            {
                PoolOf(lane, block).Release(block.Block);
            }
        }
    }

    public bool IsUnused(PrefixNode node)
    {
        for (var lane = 0; lane < node.Blocks.Length; lane++)
        {
            if (
                node.Blocks[lane] is { Exists: true } block
                && PoolOf(lane, block).References(block.Block) > 1
            )
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Payload bytes of the blocks of a node.</summary>
    public long BytesOf(PrefixNode node)
    {
        var bytes = 0L;
        for (var lane = 0; lane < node.Blocks.Length; lane++)
        {
            if (node.Blocks[lane] is { Exists: true } block)
            {
                var layout = cache.Layout.Layouts(lane)[block.Form];
                bytes += layout.KeyBytesPerBlock + layout.ValueBytesPerBlock;
            }
        }

        return bytes;
    }

    /// <summary>Some block of a node is sealed: nothing can be appended to a part of it.</summary>
    public static bool IsSealed(PrefixNode node) =>
        Array.Exists(node.Blocks, block => block.Form != 0);

    public KvBlockPool PoolOf(int lane, KvBlockRef block) =>
        cache.Memory.Pools[cache.Layout.Layouts(lane)[block.Form].Pool];
}

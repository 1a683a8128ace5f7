using System.Runtime.CompilerServices;

namespace Puna.Kernels.Attention;

/// <summary>Which pages of a chunk the rows of a tile see.</summary>
internal static unsafe class TilePages
{
    /// <summary>Lists the pages of the chunk of which some row sees a slot, with the masks of the rows; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Classify(in AttentionTile tile, int chunk)
    {
        var call = tile.Call;
        var scratch = tile.Scratch;
        var first = scratch.Positions[0];
        var last = first;
        for (var row = 1; row < tile.Rows; row++)
        {
            first = Math.Min(first, scratch.Positions[row]);
            last = Math.Max(last, scratch.Positions[row]);
        }

        long window = call->Shape.Window;
        var end = Math.Min((chunk + 1) * TileScratch.Pages, call->PagesPerHead);
        var visible = 0;
        for (var index = chunk * TileScratch.Pages; index < end; index++)
        {
            ref readonly var page = ref tile.Pages[index];
            if (page.Valid == 0)
            {
                continue;
            }

            var (lowest, highest) = PageMasks.Range(page);
            if (lowest > last || (window > 0 && highest <= first - window))
            {
                continue;
            }

            var tail = index - (call->PagesPerHead - call->TailPages);
            var full =
                page.Valid == PageMasks.Full
                && highest <= first
                && (window == 0 || lowest > last - window)
                && tail < 0;
            if (full || AnyVisible(tile, page, tail, visible))
            {
                if (full)
                {
                    for (var row = 0; row < tile.Rows; row++)
                    {
                        scratch.Masks[row * TileScratch.Pages + visible] = PageMasks.Full;
                    }
                }

                scratch.Visible[visible++] = index;
            }
        }

        return visible;
    }

    private static bool AnyVisible(in AttentionTile tile, in KvPageRef page, int tail, int column)
    {
        var call = tile.Call;
        var scratch = tile.Scratch;
        var union = 0u;
        var mask = 0u;
        for (var row = 0; row < tile.Rows; row++)
        {
            var token = scratch.Tokens[row];
            if (row == 0 || token != scratch.Tokens[row - 1])
            {
                mask = PageMasks.Visible(page, scratch.Positions[row], call->Shape.Window);
                if (tail >= 0)
                {
                    mask &= tile.TailMasks[(long)token * call->TailPages + tail];
                }
            }

            scratch.Masks[row * TileScratch.Pages + column] = mask;
            union |= mask;
        }

        return union != 0;
    }
}

using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>The weighted values of the visible pages of a chunk.</summary>
internal static unsafe class TileValues
{
    /// <summary>Adds them to <paramref name="sums"/>, [rows][padded d].</summary>
    public static void Forward<TLanes>(
        in AttentionTile tile,
        in PageStream stream,
        int visible,
        float* sums
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var headDim = tile.Call->Shape.HeadDim;
        for (var column = 0; column < visible; column++)
        {
            ref readonly var page = ref tile.Pages[tile.Scratch.Visible[column]];
            var values = page.Values.Pointer + tile.Call->PageShift;
            var ahead = stream.AfterValues(column);
            switch (page.ValueNumber)
            {
                case F32PageFormat.Code:
                    Page<TLanes, F32Element>(tile, values, ahead, column, sums);
                    break;
                case F16PageFormat.Code:
                    Page<TLanes, F16Element>(tile, values, ahead, column, sums);
                    break;
                case BF16PageFormat.Code:
                    Page<TLanes, BF16Element>(tile, values, ahead, column, sums);
                    break;
                case Int8PageFormat.Code:
                    MultiplySteps<TLanes>(tile, Int8PageFormat.ValueSteps(values, headDim), column);
                    Page<TLanes, Int8Element>(tile, values, ahead, column, sums);
                    break;
                default:
                    // The chunk's scores are done: the place of widened keys is free.
                    var widened = tile.Scratch.Keys;
                    page.ValueFormat.WidenValues(
                        new(values, page.Values.Length),
                        headDim,
                        new(widened, (long)headDim * KvPageRef.Slots)
                    );
                    Page<TLanes, F32Element>(tile, (byte*)widened, (byte*)widened, column, sums);
                    break;
            }
        }
    }

    private static void Page<TLanes, TValue>(
        in AttentionTile tile,
        byte* page,
        byte* ahead,
        int column,
        float* sums
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TValue : struct, IKvElement
    {
        var headDim = tile.Call->Shape.HeadDim;
        var scratch = tile.Scratch;
        var masks = scratch.Masks + column;
        var weights = scratch.Scores + column * KvPageRef.Slots;
        var whole = headDim % (2 * TLanes.Width) == 0;
        var direct = typeof(TValue) == typeof(F32Element) || tile.Rows <= TileScratch.DirectRows;
        if (whole && direct)
        {
            PageValues.Forward<TLanes, TValue>(
                page,
                ahead,
                headDim,
                masks,
                tile.Rows,
                weights,
                sums,
                tile.Padded
            );
            return;
        }

        var values = scratch.Values;
        PageWidening.Values<TLanes, TValue>(page, ahead, headDim, tile.Padded, values);
        PageValues.Forward<TLanes, F32Element>(
            (byte*)values,
            (byte*)values,
            tile.Padded,
            masks,
            tile.Rows,
            weights,
            sums,
            tile.Padded
        );
    }

    /// <summary>The steps of int8 values go into the weights, after these have been summed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplySteps<TLanes>(in AttentionTile tile, float* steps, int column)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var weights = tile.Scratch.Scores + column * KvPageRef.Slots;
        for (var row = 0; row < tile.Rows; row++, weights += TileScratch.Slots)
        {
            for (var slot = 0; slot < KvPageRef.Slots; slot += TLanes.Width)
            {
                TLanes.Store(
                    TLanes.Load(weights + slot) * TLanes.Load(steps + slot),
                    weights + slot
                );
            }
        }
    }
}

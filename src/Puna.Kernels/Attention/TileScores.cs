using System.Numerics;
using System.Runtime.CompilerServices;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>The scores of a tile against the visible pages of a chunk, and the weights that they give.</summary>
internal static unsafe class TileScores
{
    /// <summary>Scores of every row, -Inf where a row does not see the slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Forward<TLanes>(in AttentionTile tile, in PageStream stream, int visible)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var call = tile.Call;
        var scratch = tile.Scratch;
        var group = -1;
        for (var column = 0; column < visible; column++)
        {
            ref readonly var page = ref tile.Pages[scratch.Visible[column]];
            if (page.OffsetGroup != group)
            {
                group = page.OffsetGroup;
                var start =
                    call->Queries
                    + (long)group * call->Tokens * call->Shape.QueryHeads * call->Shape.HeadDim;
                for (var row = 0; row < tile.Rows; row++)
                {
                    scratch.Queries[row] = start + scratch.Offsets[row];
                }
            }

            var keys = page.Keys.Pointer + call->PageShift;
            var ahead = stream.AfterKeys(column);
            switch (page.KeyNumber)
            {
                case F32PageFormat.Code:
                    Page<TLanes, F32Element>(tile, keys, ahead, null, column);
                    break;
                case F16PageFormat.Code:
                    Page<TLanes, F16Element>(tile, keys, ahead, null, column);
                    break;
                case BF16PageFormat.Code:
                    Page<TLanes, BF16Element>(tile, keys, ahead, null, column);
                    break;
                case Int8PageFormat.Code:
                    var steps = Int8PageFormat.KeySteps(keys, call->Shape.HeadDim);
                    Page<TLanes, Int8Element>(tile, keys, ahead, steps, column);
                    break;
                default:
                    var widened = (byte*)Widen(tile, page, keys);
                    Page<TLanes, F32Element>(tile, widened, widened, null, column);
                    break;
            }

            var scores = scratch.Scores + column * KvPageRef.Slots;
            for (var row = 0; row < tile.Rows; row++)
            {
                var hidden = ~scratch.Masks[row * TileScratch.Pages + column];
                for (; hidden != 0; hidden &= hidden - 1)
                {
                    scores[row * TileScratch.Slots + BitOperations.TrailingZeroCount(hidden)] =
                        float.NegativeInfinity;
                }
            }
        }
    }

    /// <summary>
    /// Turns the scores of every row into weights e^(s - m), times the unit of the page's values; totals are without it.
    /// </summary>
    public static void Weigh<TLanes>(
        in AttentionTile tile,
        int visible,
        float* maxima,
        float* totals
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var halves = Halves(tile, visible);
        var mixed = halves != 0 && halves != (1u << visible) - 1;
        var unit = halves == 0 || mixed ? 1 : F16Element.Unit;
        for (var row = 0; row < tile.Rows; row++)
        {
            var scores = tile.Scratch.Scores + row * TileScratch.Slots;
            var masks = tile.Scratch.Masks + row * TileScratch.Pages;
            // The last pages of a prompt's chunk lie in the future of the tile's first rows.
            var seen = visible;
            while (seen > 0 && masks[seen - 1] == 0)
            {
                seen--;
            }

            new Span<float>(
                scores + seen * KvPageRef.Slots,
                (visible - seen) * KvPageRef.Slots
            ).Clear();
            (maxima[row], totals[row]) = WeighRow<TLanes>(scores, seen * KvPageRef.Slots, unit);
        }

        if (mixed)
        {
            MultiplyUnit<TLanes>(tile, halves);
        }
    }

    /// <summary>Bit c is set when the values of the visible page c are F16.</summary>
    private static uint Halves(in AttentionTile tile, int visible)
    {
        var halves = 0u;
        for (var column = 0; column < visible; column++)
        {
            var isHalf = tile.Pages[tile.Scratch.Visible[column]].ValueNumber == F16PageFormat.Code;
            halves |= isHalf ? 1u << column : 0;
        }

        return halves;
    }

    /// <summary>Multiplies the weights of some pages by the unit of F16 values; it is a power of two, so nothing rounds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyUnit<TLanes>(in AttentionTile tile, uint columns)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var unit = TLanes.Broadcast(F16Element.Unit);
        for (; columns != 0; columns &= columns - 1)
        {
            var column = BitOperations.TrailingZeroCount(columns);
            var weights = tile.Scratch.Scores + column * KvPageRef.Slots;
            for (var row = 0; row < tile.Rows; row++, weights += TileScratch.Slots)
            {
                for (var slot = 0; slot < KvPageRef.Slots; slot += TLanes.Width)
                {
                    TLanes.Store(TLanes.Load(weights + slot) * unit, weights + slot);
                }
            }
        }
    }

    /// <summary>The keys of a page without loads of its own, as an F32 page.</summary>
    private static float* Widen(in AttentionTile tile, in KvPageRef page, byte* keys)
    {
        var headDim = tile.Call->Shape.HeadDim;
        var widened = tile.Scratch.Keys;
        page.KeyFormat.WidenKeys(
            new(keys, page.Keys.Length),
            headDim,
            new(widened, (long)headDim * KvPageRef.Slots)
        );
        return widened;
    }

    private static void Page<TLanes, TKey>(
        in AttentionTile tile,
        byte* page,
        byte* ahead,
        float* steps,
        int column
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TKey : struct, IKvElement
    {
        var shape = tile.Call->Shape;
        var queries = tile.Scratch.Queries;
        var masks = tile.Scratch.Masks + column;
        var scores = tile.Scratch.Scores + column * KvPageRef.Slots;
        var scale = shape.Scale * TKey.Unit;
        if (typeof(TKey) == typeof(F32Element) || tile.Rows <= TileScratch.DirectRows)
        {
            PageScores.Forward<TLanes, TKey>(
                page,
                ahead,
                steps,
                scale,
                shape.HeadDim,
                queries,
                masks,
                tile.Rows,
                scores
            );
            return;
        }

        var keys = tile.Scratch.Keys;
        PageWidening.Keys<TLanes, TKey>(page, ahead, shape.HeadDim, keys);
        PageScores.Forward<TLanes, F32Element>(
            (byte*)keys,
            (byte*)keys,
            steps,
            scale,
            shape.HeadDim,
            queries,
            masks,
            tile.Rows,
            scores
        );
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Maximum, float Total) WeighRow<TLanes>(
        float* scores,
        int count,
        float unit
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var greatest = TLanes.Broadcast(float.NegativeInfinity);
        var greatestOdd = greatest;
        for (var slot = 0; slot < count; slot += 2 * TLanes.Width)
        {
            greatest = TLanes.Max(greatest, TLanes.Load(scores + slot));
            greatestOdd = TLanes.Max(greatestOdd, TLanes.Load(scores + slot + TLanes.Width));
        }

        var maximum = TLanes.Maximum(TLanes.Max(greatest, greatestOdd));
        if (maximum == float.NegativeInfinity)
        {
            new Span<float>(scores, count).Clear();
            return (maximum, 0);
        }

        var shift = TLanes.Broadcast(maximum);
        var unitLanes = TLanes.Broadcast(unit);
        var sum = TLanes.Broadcast(0);
        var sumOdd = sum;
        for (var slot = 0; slot < count; slot += 2 * TLanes.Width)
        {
            var weight = Exponential.Of(TLanes.Load(scores + slot) - shift);
            var weightOdd = Exponential.Of(TLanes.Load(scores + slot + TLanes.Width) - shift);
            TLanes.Store(weight * unitLanes, scores + slot);
            TLanes.Store(weightOdd * unitLanes, scores + slot + TLanes.Width);
            sum += weight;
            sumOdd += weightOdd;
        }

        return (maximum, TLanes.Sum(sum + sumOdd));
    }
}

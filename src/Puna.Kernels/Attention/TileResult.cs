using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>The running result of a tile: chunks are taken in one after the other, in the order of the pages.</summary>
internal static unsafe class TileResult
{
    /// <summary>Empties it.</summary>
    public static void Reset(in AttentionTile tile)
    {
        new Span<float>(tile.Scratch.Sums, tile.Rows * tile.Padded).Clear();
        new Span<float>(tile.Scratch.Maxima, tile.Rows).Fill(float.NegativeInfinity);
        new Span<float>(tile.Scratch.Totals, tile.Rows).Clear();
    }

    /// <summary>
    /// Takes the result of a chunk in (lines 11 and 12 of algorithm 1). Of the two factors e^(m - max) one is 1.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Merge<TLanes>(
        in AttentionTile tile,
        float* sums,
        float* maxima,
        float* totals
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var scratch = tile.Scratch;
        var padded = tile.Padded;
        for (var row = 0; row < tile.Rows; row++)
        {
            var (before, here) = (scratch.Maxima[row], maxima[row]);
            if (here == float.NegativeInfinity)
            {
                continue;
            }

            var running = scratch.Sums + row * padded;
            var part = sums + row * padded;
            if (here <= before)
            {
                var take = MathF.Exp(here - before);
                scratch.Totals[row] += totals[row] * take;
                var takeLanes = TLanes.Broadcast(take);
                for (var channel = 0; channel < padded; channel += TLanes.Width)
                {
                    var kept = TLanes.Load(running + channel);
                    TLanes.Store(
                        TLanes.Fma(TLanes.Load(part + channel), takeLanes, kept),
                        running + channel
                    );
                }
            }
            else
            {
                var keep = before == float.NegativeInfinity ? 0 : MathF.Exp(before - here);
                scratch.Maxima[row] = here;
                scratch.Totals[row] = scratch.Totals[row] * keep + totals[row];
                var keepLanes = TLanes.Broadcast(keep);
                for (var channel = 0; channel < padded; channel += TLanes.Width)
                {
                    var taken = TLanes.Load(part + channel);
                    TLanes.Store(
                        TLanes.Fma(TLanes.Load(running + channel), keepLanes, taken),
                        running + channel
                    );
                }
            }
        }
    }

    /// <summary>Writes O / l, zeros for a row that saw nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish<TLanes>(in AttentionTile tile)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var headDim = tile.Call->Shape.HeadDim;
        var scratch = tile.Scratch;
        for (var row = 0; row < tile.Rows; row++)
        {
            var sums = scratch.Sums + row * tile.Padded;
            var output = tile.Call->Output + scratch.Offsets[row];
            var total = scratch.Totals[row];
            var factor = total == 0 ? 0 : 1 / total;
            var lanes = TLanes.Broadcast(factor);
            var channel = 0;
            for (; channel + TLanes.Width <= headDim; channel += TLanes.Width)
            {
                TLanes.Store(TLanes.Load(sums + channel) * lanes, output + channel);
            }

            for (; channel < headDim; channel++)
            {
                output[channel] = sums[channel] * factor;
            }
        }
    }
}

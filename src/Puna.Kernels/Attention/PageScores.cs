using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// Scores of a page: S[row, slot] = scale * step[slot] * sum over c of q[row, c] K[c, slot]. Rows go in blocks that
/// share every load of K; each score is summed in the order of the channels whatever block it falls into, so that a
/// row's scores do not depend on its neighbours.
/// </summary>
internal static unsafe class PageScores
{
    private const int Stride = TileScratch.Slots;

    /// <summary>Scores of all 32 slots for every row; a block of rows that sees none of them is left out.</summary>
    /// <param name="page">Keys of the page.</param>
    /// <param name="ahead">What is read soon: as much of it as this page has is brought nearer meanwhile.</param>
    /// <param name="steps">Steps of int8 slots, or null.</param>
    /// <param name="scale">Factor of every score.</param>
    /// <param name="headDim">d.</param>
    /// <param name="queries">Where each row's query starts.</param>
    /// <param name="masks">Slots that each row sees: row r at r * <see cref="TileScratch.Pages"/>.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="scores">Result: row r at r * <see cref="TileScratch.Slots"/>.</param>
    public static void Forward<TLanes, TKey>(
        byte* page,
        byte* ahead,
        float* steps,
        float scale,
        int headDim,
        float** queries,
        uint* masks,
        int rows,
        float* scores
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TKey : struct, IKvElement
    {
        while (rows > 0)
        {
            var block = RowBlock.Next(rows);
            switch (RowBlock.Mask(masks, block) == 0 ? 0 : block)
            {
                case 0:
                    break;
                case 1:
                    Block<TLanes, TKey, RowBlock.One>(
                        page,
                        ahead,
                        steps,
                        scale,
                        headDim,
                        queries,
                        scores
                    );
                    break;
                case 2:
                    Block<TLanes, TKey, RowBlock.Two>(
                        page,
                        ahead,
                        steps,
                        scale,
                        headDim,
                        queries,
                        scores
                    );
                    break;
                case 3:
                    Block<TLanes, TKey, RowBlock.Three>(
                        page,
                        ahead,
                        steps,
                        scale,
                        headDim,
                        queries,
                        scores
                    );
                    break;
                case 4:
                    Block<TLanes, TKey, RowBlock.Four>(
                        page,
                        ahead,
                        steps,
                        scale,
                        headDim,
                        queries,
                        scores
                    );
                    break;
                case 5:
                    Block<TLanes, TKey, RowBlock.Five>(
                        page,
                        ahead,
                        steps,
                        scale,
                        headDim,
                        queries,
                        scores
                    );
                    break;
                default:
                    Block<TLanes, TKey, RowBlock.Six>(
                        page,
                        ahead,
                        steps,
                        scale,
                        headDim,
                        queries,
                        scores
                    );
                    break;
            }

            // The lines are on their way now: for the other blocks the page itself stands for nothing to fetch.
            ahead = page;
            queries += block;
            masks += block * TileScratch.Pages;
            scores += block * Stride;
            rows -= block;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block<TLanes, TKey, TRows>(
        byte* page,
        byte* ahead,
        float* steps,
        float scale,
        int headDim,
        float** queries,
        float* scores
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TKey : struct, IKvElement
        where TRows : struct, RowBlock.ICount
    {
        var q0 = queries[0];
        var q1 = TRows.Rows > 1 ? queries[1] : null;
        var q2 = TRows.Rows > 2 ? queries[2] : null;
        var q3 = TRows.Rows > 3 ? queries[3] : null;
        var q4 = TRows.Rows > 4 ? queries[4] : null;
        var q5 = TRows.Rows > 5 ? queries[5] : null;
        for (var slot = 0; slot < KvPageRef.Slots; slot += 2 * TLanes.Width)
        {
            var low0 = TLanes.Broadcast(0);
            var high0 = TLanes.Broadcast(0);
            var low1 = TLanes.Broadcast(0);
            var high1 = TLanes.Broadcast(0);
            var low2 = TLanes.Broadcast(0);
            var high2 = TLanes.Broadcast(0);
            var low3 = TLanes.Broadcast(0);
            var high3 = TLanes.Broadcast(0);
            var low4 = TLanes.Broadcast(0);
            var high4 = TLanes.Broadcast(0);
            var low5 = TLanes.Broadcast(0);
            var high5 = TLanes.Broadcast(0);
            for (var channel = 0; channel < headDim; channel++)
            {
                var low = TKey.Key<TLanes>(page, channel, slot);
                var high = TKey.Key<TLanes>(page, channel, slot + TLanes.Width);
                CacheLines.Fetch(
                    ahead + (channel * KvPageRef.Slots + slot) * TKey.Bytes,
                    2 * TLanes.Width * TKey.Bytes
                );
                var query0 = TLanes.Broadcast(q0[channel]);
                low0 = TLanes.Fma(query0, low, low0);
                high0 = TLanes.Fma(query0, high, high0);
                if (TRows.Rows > 1)
                {
                    var query1 = TLanes.Broadcast(q1[channel]);
                    low1 = TLanes.Fma(query1, low, low1);
                    high1 = TLanes.Fma(query1, high, high1);
                }

                if (TRows.Rows > 2)
                {
                    var query2 = TLanes.Broadcast(q2[channel]);
                    low2 = TLanes.Fma(query2, low, low2);
                    high2 = TLanes.Fma(query2, high, high2);
                }

                if (TRows.Rows > 3)
                {
                    var query3 = TLanes.Broadcast(q3[channel]);
                    low3 = TLanes.Fma(query3, low, low3);
                    high3 = TLanes.Fma(query3, high, high3);
                }

                if (TRows.Rows > 4)
                {
                    var query4 = TLanes.Broadcast(q4[channel]);
                    low4 = TLanes.Fma(query4, low, low4);
                    high4 = TLanes.Fma(query4, high, high4);
                }

                if (TRows.Rows > 5)
                {
                    var query5 = TLanes.Broadcast(q5[channel]);
                    low5 = TLanes.Fma(query5, low, low5);
                    high5 = TLanes.Fma(query5, high, high5);
                }
            }

            var lowScale = TLanes.Broadcast(scale);
            var highScale = lowScale;
            if (steps != null)
            {
                lowScale *= TLanes.Load(steps + slot);
                highScale *= TLanes.Load(steps + slot + TLanes.Width);
            }

            var to = scores + slot;
            TLanes.Store(low0 * lowScale, to);
            TLanes.Store(high0 * highScale, to + TLanes.Width);
            if (TRows.Rows > 1)
            {
                TLanes.Store(low1 * lowScale, to + Stride);
                TLanes.Store(high1 * highScale, to + Stride + TLanes.Width);
            }

            if (TRows.Rows > 2)
            {
                TLanes.Store(low2 * lowScale, to + 2 * Stride);
                TLanes.Store(high2 * highScale, to + 2 * Stride + TLanes.Width);
            }

            if (TRows.Rows > 3)
            {
                TLanes.Store(low3 * lowScale, to + 3 * Stride);
                TLanes.Store(high3 * highScale, to + 3 * Stride + TLanes.Width);
            }

            if (TRows.Rows > 4)
            {
                TLanes.Store(low4 * lowScale, to + 4 * Stride);
                TLanes.Store(high4 * highScale, to + 4 * Stride + TLanes.Width);
            }

            if (TRows.Rows > 5)
            {
                TLanes.Store(low5 * lowScale, to + 5 * Stride);
                TLanes.Store(high5 * highScale, to + 5 * Stride + TLanes.Width);
            }
        }
    }
}

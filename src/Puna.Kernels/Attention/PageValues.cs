using System.Numerics;
using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// Weighted values of a page: O[row, c] += sum over visible slots of p[row, slot] V[slot, c]. Rows go in blocks that
/// share every load of V; each sum runs in the order of the slots whatever block it falls into. Slots that no row of a
/// block sees are never read, so that an unused slot may hold anything.
/// </summary>
internal static unsafe class PageValues
{
    private const int Stride = TileScratch.Slots;

    /// <summary>Adds the page's part to the result of every row.</summary>
    /// <param name="page">Values of the page.</param>
    /// <param name="ahead">What is read soon: as much of it as this page has is brought nearer meanwhile.</param>
    /// <param name="columns">Channels of a slot, a multiple of twice the width.</param>
    /// <param name="masks">Slots that each row sees: row r at r * <see cref="TileScratch.Pages"/>.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="weights">Weights of the 32 slots, 0 where a row does not see the slot: row r at r * <see cref="TileScratch.Slots"/>.</param>
    /// <param name="output">Result: row r at r * <paramref name="outputStride"/>.</param>
    /// <param name="outputStride">Floats from one row of the result to the next.</param>
    public static void Forward<TLanes, TValue>(
        byte* page,
        byte* ahead,
        int columns,
        uint* masks,
        int rows,
        float* weights,
        float* output,
        int outputStride
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TValue : struct, IKvElement
    {
        while (rows > 0)
        {
            var block = RowBlock.Next(rows);
            var mask = RowBlock.Mask(masks, block);
            switch (mask == 0 ? 0 : block)
            {
                case 0:
                    break;
                case 1:
                    Block<TLanes, TValue, RowBlock.One>(
                        page,
                        ahead,
                        columns,
                        mask,
                        weights,
                        output,
                        outputStride
                    );
                    break;
                case 2:
                    Block<TLanes, TValue, RowBlock.Two>(
                        page,
                        ahead,
                        columns,
                        mask,
                        weights,
                        output,
                        outputStride
                    );
                    break;
                case 3:
                    Block<TLanes, TValue, RowBlock.Three>(
                        page,
                        ahead,
                        columns,
                        mask,
                        weights,
                        output,
                        outputStride
                    );
                    break;
                case 4:
                    Block<TLanes, TValue, RowBlock.Four>(
                        page,
                        ahead,
                        columns,
                        mask,
                        weights,
                        output,
                        outputStride
                    );
                    break;
                case 5:
                    Block<TLanes, TValue, RowBlock.Five>(
                        page,
                        ahead,
                        columns,
                        mask,
                        weights,
                        output,
                        outputStride
                    );
                    break;
                default:
                    Block<TLanes, TValue, RowBlock.Six>(
                        page,
                        ahead,
                        columns,
                        mask,
                        weights,
                        output,
                        outputStride
                    );
                    break;
            }

            // The lines are on their way now: for the other blocks the page itself stands for nothing to fetch.
            ahead = page;
            masks += block * TileScratch.Pages;
            weights += block * Stride;
            output += block * outputStride;
            rows -= block;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block<TLanes, TValue, TRows>(
        byte* page,
        byte* ahead,
        int columns,
        uint mask,
        float* weights,
        float* output,
        int outputStride
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TValue : struct, IKvElement
        where TRows : struct, RowBlock.ICount
    {
        var stride = (long)columns * TValue.Bytes;
        var column = 0;
        if (TRows.Rows == 1)
        {
            // Two sums would wait for each other: four keep the processor busy.
            for (; column + 4 * TLanes.Width <= columns; column += 4 * TLanes.Width)
            {
                Quad<TLanes, TValue>(page, ahead, column, stride, mask, weights, output + column);
            }
        }

        for (; column + 2 * TLanes.Width <= columns; column += 2 * TLanes.Width)
        {
            var to = output + column;
            var low0 = TLanes.Load(to);
            var high0 = TLanes.Load(to + TLanes.Width);
            var low1 = TRows.Rows > 1 ? TLanes.Load(to + outputStride) : low0;
            var high1 = TRows.Rows > 1 ? TLanes.Load(to + outputStride + TLanes.Width) : low0;
            var low2 = TRows.Rows > 2 ? TLanes.Load(to + 2 * outputStride) : low0;
            var high2 = TRows.Rows > 2 ? TLanes.Load(to + 2 * outputStride + TLanes.Width) : low0;
            var low3 = TRows.Rows > 3 ? TLanes.Load(to + 3 * outputStride) : low0;
            var high3 = TRows.Rows > 3 ? TLanes.Load(to + 3 * outputStride + TLanes.Width) : low0;
            var low4 = TRows.Rows > 4 ? TLanes.Load(to + 4 * outputStride) : low0;
            var high4 = TRows.Rows > 4 ? TLanes.Load(to + 4 * outputStride + TLanes.Width) : low0;
            var low5 = TRows.Rows > 5 ? TLanes.Load(to + 5 * outputStride) : low0;
            var high5 = TRows.Rows > 5 ? TLanes.Load(to + 5 * outputStride + TLanes.Width) : low0;

            var start = page + (long)column * TValue.Bytes;
            var startAhead = ahead + (long)column * TValue.Bytes;
            for (var bits = mask; bits != 0; bits &= bits - 1)
            {
                var slot = BitOperations.TrailingZeroCount(bits);
                var value = start + slot * stride;
                var low = TValue.Value<TLanes>(value);
                var high = TValue.Value<TLanes>(value + TLanes.Width * TValue.Bytes);
                CacheLines.Fetch(startAhead + slot * stride, 2 * TLanes.Width * TValue.Bytes);
                var p = weights + slot;
                var weight0 = TLanes.Broadcast(p[0]);
                low0 = TLanes.Fma(weight0, low, low0);
                high0 = TLanes.Fma(weight0, high, high0);
                if (TRows.Rows > 1)
                {
                    var weight1 = TLanes.Broadcast(p[Stride]);
                    low1 = TLanes.Fma(weight1, low, low1);
                    high1 = TLanes.Fma(weight1, high, high1);
                }

                if (TRows.Rows > 2)
                {
                    var weight2 = TLanes.Broadcast(p[2 * Stride]);
                    low2 = TLanes.Fma(weight2, low, low2);
                    high2 = TLanes.Fma(weight2, high, high2);
                }

                if (TRows.Rows > 3)
                {
                    var weight3 = TLanes.Broadcast(p[3 * Stride]);
                    low3 = TLanes.Fma(weight3, low, low3);
                    high3 = TLanes.Fma(weight3, high, high3);
                }

                if (TRows.Rows > 4)
                {
                    var weight4 = TLanes.Broadcast(p[4 * Stride]);
                    low4 = TLanes.Fma(weight4, low, low4);
                    high4 = TLanes.Fma(weight4, high, high4);
                }

                if (TRows.Rows > 5)
                {
                    var weight5 = TLanes.Broadcast(p[5 * Stride]);
                    low5 = TLanes.Fma(weight5, low, low5);
                    high5 = TLanes.Fma(weight5, high, high5);
                }
            }

            TLanes.Store(low0, to);
            TLanes.Store(high0, to + TLanes.Width);
            if (TRows.Rows > 1)
            {
                TLanes.Store(low1, to + outputStride);
                TLanes.Store(high1, to + outputStride + TLanes.Width);
            }

            if (TRows.Rows > 2)
            {
                TLanes.Store(low2, to + 2 * outputStride);
                TLanes.Store(high2, to + 2 * outputStride + TLanes.Width);
            }

            if (TRows.Rows > 3)
            {
                TLanes.Store(low3, to + 3 * outputStride);
                TLanes.Store(high3, to + 3 * outputStride + TLanes.Width);
            }

            if (TRows.Rows > 4)
            {
                TLanes.Store(low4, to + 4 * outputStride);
                TLanes.Store(high4, to + 4 * outputStride + TLanes.Width);
            }

            if (TRows.Rows > 5)
            {
                TLanes.Store(low5, to + 5 * outputStride);
                TLanes.Store(high5, to + 5 * outputStride + TLanes.Width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quad<TLanes, TValue>(
        byte* page,
        byte* ahead,
        int column,
        long stride,
        uint mask,
        float* weights,
        float* output
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TValue : struct, IKvElement
    {
        var first = TLanes.Load(output);
        var second = TLanes.Load(output + TLanes.Width);
        var third = TLanes.Load(output + 2 * TLanes.Width);
        var fourth = TLanes.Load(output + 3 * TLanes.Width);
        page += (long)column * TValue.Bytes;
        ahead += (long)column * TValue.Bytes;
        for (var bits = mask; bits != 0; bits &= bits - 1)
        {
            var slot = BitOperations.TrailingZeroCount(bits);
            var value = page + slot * stride;
            CacheLines.Fetch(ahead + slot * stride, 4 * TLanes.Width * TValue.Bytes);
            var weight = TLanes.Broadcast(weights[slot]);
            var width = TLanes.Width * TValue.Bytes;
            first = TLanes.Fma(weight, TValue.Value<TLanes>(value), first);
            second = TLanes.Fma(weight, TValue.Value<TLanes>(value + width), second);
            third = TLanes.Fma(weight, TValue.Value<TLanes>(value + 2 * width), third);
            fourth = TLanes.Fma(weight, TValue.Value<TLanes>(value + 3 * width), fourth);
        }

        TLanes.Store(first, output);
        TLanes.Store(second, output + TLanes.Width);
        TLanes.Store(third, output + 2 * TLanes.Width);
        TLanes.Store(fourth, output + 3 * TLanes.Width);
    }
}

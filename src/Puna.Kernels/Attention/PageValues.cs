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
    /// <param name="columns">Channels of a slot, a multiple of the width.</param>
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
            var mask = 0u;
            for (var row = 0; row < block; row++)
            {
                mask |= masks[row * TileScratch.Pages];
            }

            switch (block)
            {
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
            to += outputStride;
            var low1 = low0;
            var high1 = high0;
            if (TRows.Rows > 1)
            {
                low1 = TLanes.Load(to);
                high1 = TLanes.Load(to + TLanes.Width);
                to += outputStride;
            }

            var low2 = low0;
            var high2 = high0;
            if (TRows.Rows > 2)
            {
                low2 = TLanes.Load(to);
                high2 = TLanes.Load(to + TLanes.Width);
                to += outputStride;
            }

            var low3 = low0;
            var high3 = high0;
            if (TRows.Rows > 3)
            {
                low3 = TLanes.Load(to);
                high3 = TLanes.Load(to + TLanes.Width);
                to += outputStride;
            }

            var low4 = low0;
            var high4 = high0;
            if (TRows.Rows > 4)
            {
                low4 = TLanes.Load(to);
                high4 = TLanes.Load(to + TLanes.Width);
                to += outputStride;
            }

            var low5 = low0;
            var high5 = high0;
            if (TRows.Rows > 5)
            {
                low5 = TLanes.Load(to);
                high5 = TLanes.Load(to + TLanes.Width);
                to += outputStride;
            }

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

            to = output + column;
            TLanes.Store(low0, to);
            TLanes.Store(high0, to + TLanes.Width);
            to += outputStride;
            if (TRows.Rows > 1)
            {
                TLanes.Store(low1, to);
                TLanes.Store(high1, to + TLanes.Width);
                to += outputStride;
            }

            if (TRows.Rows > 2)
            {
                TLanes.Store(low2, to);
                TLanes.Store(high2, to + TLanes.Width);
                to += outputStride;
            }

            if (TRows.Rows > 3)
            {
                TLanes.Store(low3, to);
                TLanes.Store(high3, to + TLanes.Width);
                to += outputStride;
            }

            if (TRows.Rows > 4)
            {
                TLanes.Store(low4, to);
                TLanes.Store(high4, to + TLanes.Width);
                to += outputStride;
            }

            if (TRows.Rows > 5)
            {
                TLanes.Store(low5, to);
                TLanes.Store(high5, to + TLanes.Width);
                to += outputStride;
            }
        }

        for (; column < columns; column += TLanes.Width)
        {
            var to = output + column;
            var low0 = TLanes.Load(to);
            to += outputStride;
            var low1 = low0;
            if (TRows.Rows > 1)
            {
                low1 = TLanes.Load(to);
                to += outputStride;
            }

            var low2 = low0;
            if (TRows.Rows > 2)
            {
                low2 = TLanes.Load(to);
                to += outputStride;
            }

            var low3 = low0;
            if (TRows.Rows > 3)
            {
                low3 = TLanes.Load(to);
                to += outputStride;
            }

            var low4 = low0;
            if (TRows.Rows > 4)
            {
                low4 = TLanes.Load(to);
                to += outputStride;
            }

            var low5 = low0;
            if (TRows.Rows > 5)
            {
                low5 = TLanes.Load(to);
                to += outputStride;
            }

            var start = page + (long)column * TValue.Bytes;
            for (var bits = mask; bits != 0; bits &= bits - 1)
            {
                var slot = BitOperations.TrailingZeroCount(bits);
                var low = TValue.Value<TLanes>(start + slot * stride);
                var p = weights + slot;
                low0 = TLanes.Fma(TLanes.Broadcast(p[0]), low, low0);
                if (TRows.Rows > 1)
                {
                    low1 = TLanes.Fma(TLanes.Broadcast(p[Stride]), low, low1);
                }

                if (TRows.Rows > 2)
                {
                    low2 = TLanes.Fma(TLanes.Broadcast(p[2 * Stride]), low, low2);
                }

                if (TRows.Rows > 3)
                {
                    low3 = TLanes.Fma(TLanes.Broadcast(p[3 * Stride]), low, low3);
                }

                if (TRows.Rows > 4)
                {
                    low4 = TLanes.Fma(TLanes.Broadcast(p[4 * Stride]), low, low4);
                }

                if (TRows.Rows > 5)
                {
                    low5 = TLanes.Fma(TLanes.Broadcast(p[5 * Stride]), low, low5);
                }
            }

            to = output + column;
            TLanes.Store(low0, to);
            to += outputStride;
            if (TRows.Rows > 1)
            {
                TLanes.Store(low1, to);
                to += outputStride;
            }

            if (TRows.Rows > 2)
            {
                TLanes.Store(low2, to);
                to += outputStride;
            }

            if (TRows.Rows > 3)
            {
                TLanes.Store(low3, to);
                to += outputStride;
            }

            if (TRows.Rows > 4)
            {
                TLanes.Store(low4, to);
                to += outputStride;
            }

            if (TRows.Rows > 5)
            {
                TLanes.Store(low5, to);
                to += outputStride;
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

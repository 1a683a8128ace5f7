using System.Numerics;
using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>
/// Weighted values of a page: O[row, c] += sum over visible slots of p[row, slot] V[slot, c]. Rows go in blocks that
/// share every load of V; each sum runs in the order of the slots whatever block it falls into. Slots that no row of a
/// block sees are never read, so that an unused slot may hold anything.
/// </summary>
internal static unsafe class PageValues
{
    /// <summary>Adds the page's part to the result of every row.</summary>
    /// <param name="page">Values of the page.</param>
    /// <param name="stride">Bytes from one slot to the next.</param>
    /// <param name="columns">Channels, a multiple of the width.</param>
    /// <param name="masks">Slots that each row sees: row r at r * <paramref name="maskStride"/>.</param>
    /// <param name="maskStride">Masks from one row to the next.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="weights">Weights of the 32 slots, 0 where a row does not see the slot: row r at r * <paramref name="weightStride"/>.</param>
    /// <param name="weightStride">Floats from one row of the weights to the next.</param>
    /// <param name="output">Result: row r at r * <paramref name="outputStride"/>.</param>
    /// <param name="outputStride">Floats from one row of the result to the next.</param>
    /// <param name="sink">Room for one row of the result that may be overwritten.</param>
    public static void Forward<TLanes, TValue>(
        byte* page,
        long stride,
        int columns,
        uint* masks,
        int maskStride,
        int rows,
        float* weights,
        int weightStride,
        float* output,
        int outputStride,
        float* sink
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TValue : struct, IKvElement
    {
        var row = 0;
        for (; row + 3 <= rows; row += 4)
        {
            // Three last rows go as four, the fourth into the sink.
            var whole = row + 4 <= rows;
            var m = masks + row * maskStride;
            var p = weights + row * weightStride;
            var o = output + row * outputStride;
            var mask = m[0] | m[maskStride] | m[2 * maskStride];
            if (whole)
            {
                mask |= m[3 * maskStride];
            }

            Four<TLanes, TValue>(
                page,
                stride,
                columns,
                mask,
                p,
                p + weightStride,
                p + 2 * weightStride,
                whole ? p + 3 * weightStride : p,
                o,
                o + outputStride,
                o + 2 * outputStride,
                whole ? o + 3 * outputStride : sink
            );
        }

        if (row + 2 == rows)
        {
            var m = masks + row * maskStride;
            var p = weights + row * weightStride;
            var o = output + row * outputStride;
            Two<TLanes, TValue>(
                page,
                stride,
                columns,
                m[0] | m[maskStride],
                p,
                p + weightStride,
                o,
                o + outputStride
            );
        }
        else if (row + 1 == rows)
        {
            One<TLanes, TValue>(
                page,
                stride,
                columns,
                masks[row * maskStride],
                weights + row * weightStride,
                output + row * outputStride
            );
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<TLanes, TValue>(
        byte* page,
        long stride,
        int columns,
        uint mask,
        float* p0,
        float* p1,
        float* p2,
        float* p3,
        float* o0,
        float* o1,
        float* o2,
        float* o3
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TValue : struct, IKvElement
    {
        var column = 0;
        for (; column + 2 * TLanes.Width <= columns; column += 2 * TLanes.Width)
        {
            var low0 = TLanes.Load(o0 + column);
            var high0 = TLanes.Load(o0 + column + TLanes.Width);
            var low1 = TLanes.Load(o1 + column);
            var high1 = TLanes.Load(o1 + column + TLanes.Width);
            var low2 = TLanes.Load(o2 + column);
            var high2 = TLanes.Load(o2 + column + TLanes.Width);
            var low3 = TLanes.Load(o3 + column);
            var high3 = TLanes.Load(o3 + column + TLanes.Width);
            var start = page + (long)column * TValue.Bytes;
            for (var bits = mask; bits != 0; bits &= bits - 1)
            {
                var slot = BitOperations.TrailingZeroCount(bits);
                var value = start + slot * stride;
                var low = TValue.Value<TLanes>(value);
                var high = TValue.Value<TLanes>(value + TLanes.Width * TValue.Bytes);
                var weight0 = TLanes.Broadcast(p0[slot]);
                low0 = TLanes.Fma(weight0, low, low0);
                high0 = TLanes.Fma(weight0, high, high0);
                var weight1 = TLanes.Broadcast(p1[slot]);
                low1 = TLanes.Fma(weight1, low, low1);
                high1 = TLanes.Fma(weight1, high, high1);
                var weight2 = TLanes.Broadcast(p2[slot]);
                low2 = TLanes.Fma(weight2, low, low2);
                high2 = TLanes.Fma(weight2, high, high2);
                var weight3 = TLanes.Broadcast(p3[slot]);
                low3 = TLanes.Fma(weight3, low, low3);
                high3 = TLanes.Fma(weight3, high, high3);
            }

            TLanes.Store(low0, o0 + column);
            TLanes.Store(high0, o0 + column + TLanes.Width);
            TLanes.Store(low1, o1 + column);
            TLanes.Store(high1, o1 + column + TLanes.Width);
            TLanes.Store(low2, o2 + column);
            TLanes.Store(high2, o2 + column + TLanes.Width);
            TLanes.Store(low3, o3 + column);
            TLanes.Store(high3, o3 + column + TLanes.Width);
        }

        for (; column < columns; column += TLanes.Width)
        {
            var low0 = TLanes.Load(o0 + column);
            var low1 = TLanes.Load(o1 + column);
            var low2 = TLanes.Load(o2 + column);
            var low3 = TLanes.Load(o3 + column);
            var start = page + (long)column * TValue.Bytes;
            for (var bits = mask; bits != 0; bits &= bits - 1)
            {
                var slot = BitOperations.TrailingZeroCount(bits);
                var value = start + slot * stride;
                var low = TValue.Value<TLanes>(value);
                var weight0 = TLanes.Broadcast(p0[slot]);
                low0 = TLanes.Fma(weight0, low, low0);
                var weight1 = TLanes.Broadcast(p1[slot]);
                low1 = TLanes.Fma(weight1, low, low1);
                var weight2 = TLanes.Broadcast(p2[slot]);
                low2 = TLanes.Fma(weight2, low, low2);
                var weight3 = TLanes.Broadcast(p3[slot]);
                low3 = TLanes.Fma(weight3, low, low3);
            }

            TLanes.Store(low0, o0 + column);
            TLanes.Store(low1, o1 + column);
            TLanes.Store(low2, o2 + column);
            TLanes.Store(low3, o3 + column);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two<TLanes, TValue>(
        byte* page,
        long stride,
        int columns,
        uint mask,
        float* p0,
        float* p1,
        float* o0,
        float* o1
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TValue : struct, IKvElement
    {
        var column = 0;
        for (; column + 2 * TLanes.Width <= columns; column += 2 * TLanes.Width)
        {
            var low0 = TLanes.Load(o0 + column);
            var high0 = TLanes.Load(o0 + column + TLanes.Width);
            var low1 = TLanes.Load(o1 + column);
            var high1 = TLanes.Load(o1 + column + TLanes.Width);
            var start = page + (long)column * TValue.Bytes;
            for (var bits = mask; bits != 0; bits &= bits - 1)
            {
                var slot = BitOperations.TrailingZeroCount(bits);
                var value = start + slot * stride;
                var low = TValue.Value<TLanes>(value);
                var high = TValue.Value<TLanes>(value + TLanes.Width * TValue.Bytes);
                var weight0 = TLanes.Broadcast(p0[slot]);
                low0 = TLanes.Fma(weight0, low, low0);
                high0 = TLanes.Fma(weight0, high, high0);
                var weight1 = TLanes.Broadcast(p1[slot]);
                low1 = TLanes.Fma(weight1, low, low1);
                high1 = TLanes.Fma(weight1, high, high1);
            }

            TLanes.Store(low0, o0 + column);
            TLanes.Store(high0, o0 + column + TLanes.Width);
            TLanes.Store(low1, o1 + column);
            TLanes.Store(high1, o1 + column + TLanes.Width);
        }

        for (; column < columns; column += TLanes.Width)
        {
            var low0 = TLanes.Load(o0 + column);
            var low1 = TLanes.Load(o1 + column);
            var start = page + (long)column * TValue.Bytes;
            for (var bits = mask; bits != 0; bits &= bits - 1)
            {
                var slot = BitOperations.TrailingZeroCount(bits);
                var value = start + slot * stride;
                var low = TValue.Value<TLanes>(value);
                var weight0 = TLanes.Broadcast(p0[slot]);
                low0 = TLanes.Fma(weight0, low, low0);
                var weight1 = TLanes.Broadcast(p1[slot]);
                low1 = TLanes.Fma(weight1, low, low1);
            }

            TLanes.Store(low0, o0 + column);
            TLanes.Store(low1, o1 + column);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TLanes, TValue>(
        byte* page,
        long stride,
        int columns,
        uint mask,
        float* p0,
        float* o0
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TValue : struct, IKvElement
    {
        var column = 0;
        for (; column + 4 * TLanes.Width <= columns; column += 4 * TLanes.Width)
        {
            var low0 = TLanes.Load(o0 + column);
            var high0 = TLanes.Load(o0 + column + TLanes.Width);
            var third0 = TLanes.Load(o0 + column + 2 * TLanes.Width);
            var fourth0 = TLanes.Load(o0 + column + 3 * TLanes.Width);
            var start = page + (long)column * TValue.Bytes;
            for (var bits = mask; bits != 0; bits &= bits - 1)
            {
                var slot = BitOperations.TrailingZeroCount(bits);
                var value = start + slot * stride;
                var low = TValue.Value<TLanes>(value);
                var high = TValue.Value<TLanes>(value + TLanes.Width * TValue.Bytes);
                var third = TValue.Value<TLanes>(value + 2 * TLanes.Width * TValue.Bytes);
                var fourth = TValue.Value<TLanes>(value + 3 * TLanes.Width * TValue.Bytes);
                var weight0 = TLanes.Broadcast(p0[slot]);
                low0 = TLanes.Fma(weight0, low, low0);
                high0 = TLanes.Fma(weight0, high, high0);
                third0 = TLanes.Fma(weight0, third, third0);
                fourth0 = TLanes.Fma(weight0, fourth, fourth0);
            }

            TLanes.Store(low0, o0 + column);
            TLanes.Store(high0, o0 + column + TLanes.Width);
            TLanes.Store(third0, o0 + column + 2 * TLanes.Width);
            TLanes.Store(fourth0, o0 + column + 3 * TLanes.Width);
        }

        for (; column < columns; column += TLanes.Width)
        {
            var low0 = TLanes.Load(o0 + column);
            var start = page + (long)column * TValue.Bytes;
            for (var bits = mask; bits != 0; bits &= bits - 1)
            {
                var slot = BitOperations.TrailingZeroCount(bits);
                var value = start + slot * stride;
                var low = TValue.Value<TLanes>(value);
                var weight0 = TLanes.Broadcast(p0[slot]);
                low0 = TLanes.Fma(weight0, low, low0);
            }

            TLanes.Store(low0, o0 + column);
        }
    }
}

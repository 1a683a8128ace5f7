using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>
/// Scores of a page: S[row, slot] = scale * step[slot] * sum over c of q[row, c] K[c, slot]. Rows go in blocks that
/// share every load of K; each score is summed in the order of the channels whatever block it falls into, so that a
/// row's scores do not depend on its neighbours.
/// </summary>
internal static unsafe class PageScores
{
    /// <summary>Scores of all 32 slots for every row.</summary>
    /// <param name="page">Keys of the page.</param>
    /// <param name="steps">Steps of int8 slots, or null.</param>
    /// <param name="scale">Factor of every score.</param>
    /// <param name="headDim">d.</param>
    /// <param name="queries">Where each row's query starts.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="scores">Result: row r at r * <paramref name="stride"/>.</param>
    /// <param name="stride">Floats from one row of the result to the next.</param>
    /// <param name="sink">32 floats that may be overwritten.</param>
    public static void Forward<TLanes, TKey>(
        byte* page,
        float* steps,
        float scale,
        int headDim,
        float** queries,
        int rows,
        float* scores,
        int stride,
        float* sink
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TKey : struct, IKvElement
    {
        var row = 0;
        for (; row + 3 <= rows; row += 4)
        {
            // Three last rows go as four, the fourth into the sink.
            var whole = row + 4 <= rows;
            var q = queries + row;
            var s = scores + row * stride;
            Four<TLanes, TKey>(
                page,
                steps,
                scale,
                headDim,
                q[0],
                q[1],
                q[2],
                whole ? q[3] : q[2],
                s,
                s + stride,
                s + 2 * stride,
                whole ? s + 3 * stride : sink
            );
        }

        if (row + 2 == rows)
        {
            var s = scores + row * stride;
            Two<TLanes, TKey>(
                page,
                steps,
                scale,
                headDim,
                queries[row],
                queries[row + 1],
                s,
                s + stride
            );
        }
        else if (row + 1 == rows)
        {
            One<TLanes, TKey>(page, steps, scale, headDim, queries[row], scores + row * stride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<TLanes, TKey>(
        byte* page,
        float* steps,
        float scale,
        int headDim,
        float* q0,
        float* q1,
        float* q2,
        float* q3,
        float* s0,
        float* s1,
        float* s2,
        float* s3
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TKey : struct, IKvElement
    {
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
            for (var channel = 0; channel < headDim; channel++)
            {
                var low = TKey.Key<TLanes>(page, channel, slot);
                var high = TKey.Key<TLanes>(page, channel, slot + TLanes.Width);
                var query0 = TLanes.Broadcast(q0[channel]);
                low0 = TLanes.Fma(query0, low, low0);
                high0 = TLanes.Fma(query0, high, high0);
                var query1 = TLanes.Broadcast(q1[channel]);
                low1 = TLanes.Fma(query1, low, low1);
                high1 = TLanes.Fma(query1, high, high1);
                var query2 = TLanes.Broadcast(q2[channel]);
                low2 = TLanes.Fma(query2, low, low2);
                high2 = TLanes.Fma(query2, high, high2);
                var query3 = TLanes.Broadcast(q3[channel]);
                low3 = TLanes.Fma(query3, low, low3);
                high3 = TLanes.Fma(query3, high, high3);
            }

            var lowScale = TLanes.Broadcast(scale);
            var highScale = lowScale;
            if (steps != null)
            {
                lowScale *= TLanes.Load(steps + slot);
                highScale *= TLanes.Load(steps + slot + TLanes.Width);
            }

            TLanes.Store(low0 * lowScale, s0 + slot);
            TLanes.Store(high0 * highScale, s0 + slot + TLanes.Width);
            TLanes.Store(low1 * lowScale, s1 + slot);
            TLanes.Store(high1 * highScale, s1 + slot + TLanes.Width);
            TLanes.Store(low2 * lowScale, s2 + slot);
            TLanes.Store(high2 * highScale, s2 + slot + TLanes.Width);
            TLanes.Store(low3 * lowScale, s3 + slot);
            TLanes.Store(high3 * highScale, s3 + slot + TLanes.Width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two<TLanes, TKey>(
        byte* page,
        float* steps,
        float scale,
        int headDim,
        float* q0,
        float* q1,
        float* s0,
        float* s1
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TKey : struct, IKvElement
    {
        for (var slot = 0; slot < KvPageRef.Slots; slot += 2 * TLanes.Width)
        {
            var low0 = TLanes.Broadcast(0);
            var high0 = TLanes.Broadcast(0);
            var low1 = TLanes.Broadcast(0);
            var high1 = TLanes.Broadcast(0);
            for (var channel = 0; channel < headDim; channel++)
            {
                var low = TKey.Key<TLanes>(page, channel, slot);
                var high = TKey.Key<TLanes>(page, channel, slot + TLanes.Width);
                var query0 = TLanes.Broadcast(q0[channel]);
                low0 = TLanes.Fma(query0, low, low0);
                high0 = TLanes.Fma(query0, high, high0);
                var query1 = TLanes.Broadcast(q1[channel]);
                low1 = TLanes.Fma(query1, low, low1);
                high1 = TLanes.Fma(query1, high, high1);
            }

            var lowScale = TLanes.Broadcast(scale);
            var highScale = lowScale;
            if (steps != null)
            {
                lowScale *= TLanes.Load(steps + slot);
                highScale *= TLanes.Load(steps + slot + TLanes.Width);
            }

            TLanes.Store(low0 * lowScale, s0 + slot);
            TLanes.Store(high0 * highScale, s0 + slot + TLanes.Width);
            TLanes.Store(low1 * lowScale, s1 + slot);
            TLanes.Store(high1 * highScale, s1 + slot + TLanes.Width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TLanes, TKey>(
        byte* page,
        float* steps,
        float scale,
        int headDim,
        float* q0,
        float* s0
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TKey : struct, IKvElement
    {
        for (var slot = 0; slot < KvPageRef.Slots; slot += 2 * TLanes.Width)
        {
            var low0 = TLanes.Broadcast(0);
            var high0 = TLanes.Broadcast(0);
            for (var channel = 0; channel < headDim; channel++)
            {
                var low = TKey.Key<TLanes>(page, channel, slot);
                var high = TKey.Key<TLanes>(page, channel, slot + TLanes.Width);
                var query0 = TLanes.Broadcast(q0[channel]);
                low0 = TLanes.Fma(query0, low, low0);
                high0 = TLanes.Fma(query0, high, high0);
            }

            var lowScale = TLanes.Broadcast(scale);
            var highScale = lowScale;
            if (steps != null)
            {
                lowScale *= TLanes.Load(steps + slot);
                highScale *= TLanes.Load(steps + slot + TLanes.Width);
            }

            TLanes.Store(low0 * lowScale, s0 + slot);
            TLanes.Store(high0 * highScale, s0 + slot + TLanes.Width);
        }
    }
}

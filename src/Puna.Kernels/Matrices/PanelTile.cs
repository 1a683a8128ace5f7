using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Matrices;

/// <summary>
/// The innermost loops of the f32 products: two vectors of outputs times a few rows of inputs, in registers.
/// Each output is ONE chain acc = fma(x[k], w[k], acc) over k ascending, from acc = 0, whichever tile computes it:
/// that is why a result does not depend on the number of rows in the batch.
/// </summary>
/// <remarks>
/// Twelve accumulators, two weight vectors and one broadcast fill 15 of the 16 registers of AVX2, hide the latency of
/// the multiply-add (4 cycles x 2 pipes = 8 chains), and need 8 loads for 12 multiply-adds.
/// </remarks>
internal static unsafe class PanelTile
{
    /// <summary>Rows of inputs in the large tile.</summary>
    public const int Large = 6;

    /// <summary>Rows of inputs in the small tile.</summary>
    public const int Small = 2;

    /// <summary>
    /// tile[t, v] = sum over k &lt; depth of x[k, t] * w_v[k * weightStride], t &lt; 6, v &lt; 2, where v is a vector.
    /// </summary>
    /// <param name="weights0">First vector of outputs.</param>
    /// <param name="weights1">Second vector of outputs.</param>
    /// <param name="weightStride">Floats from one k to the next.</param>
    /// <param name="depth">Terms of the sums.</param>
    /// <param name="inputs">Packed inputs [depth, 6].</param>
    /// <param name="tile">Result [6, 2, Width].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyLarge<TLanes>(
        float* weights0,
        float* weights1,
        nint weightStride,
        int depth,
        float* inputs,
        float* tile
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var zero = TLanes.Broadcast(0);
        TLanes a0 = zero,
            a1 = zero,
            b0 = zero,
            b1 = zero,
            c0 = zero,
            c1 = zero,
            d0 = zero,
            d1 = zero,
            e0 = zero,
            e1 = zero,
            f0 = zero,
            f1 = zero;
        for (var k = 0; k < depth; k++)
        {
            var w0 = TLanes.Load(weights0);
            var w1 = TLanes.Load(weights1);
            var x = TLanes.Broadcast(inputs[0]);
            a0 = TLanes.Fma(x, w0, a0);
            a1 = TLanes.Fma(x, w1, a1);
            x = TLanes.Broadcast(inputs[1]);
            b0 = TLanes.Fma(x, w0, b0);
            b1 = TLanes.Fma(x, w1, b1);
            x = TLanes.Broadcast(inputs[2]);
            c0 = TLanes.Fma(x, w0, c0);
            c1 = TLanes.Fma(x, w1, c1);
            x = TLanes.Broadcast(inputs[3]);
            d0 = TLanes.Fma(x, w0, d0);
            d1 = TLanes.Fma(x, w1, d1);
            x = TLanes.Broadcast(inputs[4]);
            e0 = TLanes.Fma(x, w0, e0);
            e1 = TLanes.Fma(x, w1, e1);
            x = TLanes.Broadcast(inputs[5]);
            f0 = TLanes.Fma(x, w0, f0);
            f1 = TLanes.Fma(x, w1, f1);
            weights0 += weightStride;
            weights1 += weightStride;
            inputs += Large;
        }

        StorePair(a0, a1, tile, 0);
        StorePair(b0, b1, tile, 1);
        StorePair(c0, c1, tile, 2);
        StorePair(d0, d1, tile, 3);
        StorePair(e0, e1, tile, 4);
        StorePair(f0, f1, tile, 5);
    }

    /// <summary>The same for two rows of inputs, packed [depth, 2]; tile [2, 2, Width].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplySmall<TLanes>(
        float* weights0,
        float* weights1,
        nint weightStride,
        int depth,
        float* inputs,
        float* tile
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var zero = TLanes.Broadcast(0);
        TLanes a0 = zero,
            a1 = zero,
            b0 = zero,
            b1 = zero;
        for (var k = 0; k < depth; k++)
        {
            var w0 = TLanes.Load(weights0);
            var w1 = TLanes.Load(weights1);
            var x = TLanes.Broadcast(inputs[0]);
            a0 = TLanes.Fma(x, w0, a0);
            a1 = TLanes.Fma(x, w1, a1);
            x = TLanes.Broadcast(inputs[1]);
            b0 = TLanes.Fma(x, w0, b0);
            b1 = TLanes.Fma(x, w1, b1);
            weights0 += weightStride;
            weights1 += weightStride;
            inputs += Small;
        }

        StorePair(a0, a1, tile, 0);
        StorePair(b0, b1, tile, 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair<TLanes>(TLanes first, TLanes second, float* tile, int row)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes.Store(first, tile + 2 * row * TLanes.Width);
        TLanes.Store(second, tile + (2 * row + 1) * TLanes.Width);
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Matrices;

/// <summary>
/// The innermost loops of the f32 products: two vectors of outputs times a few rows of inputs, in registers.
/// Each output is ONE chain acc = fma(x[k], w[k], acc) over k ascending, from acc = 0, whichever tile computes it:
/// that is why a result does not depend on the number of rows in the batch.
/// </summary>
/// <remarks>
/// Two pipes of four cycles each want eight chains, which four rows give. More rows share the loads of the weights:
/// six fill 15 of the 16 registers of AVX2, twelve 27 of the 32 of AVX-512.
/// </remarks>
internal static unsafe class PanelTile
{
    private const int Chunk = PackedInputs.Chunk;

    /// <summary>Rows of the largest tile at one width, an even number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Tallest<TLanes>()
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Width == 16 ? 12 : 6;

    /// <summary>Rows of the next tile where <paramref name="rows"/> rows, an even number, are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Rows<TLanes>(int rows)
        where TLanes : unmanaged, ILanes<TLanes> =>
        rows >= Tallest<TLanes>() ? Tallest<TLanes>()
        // Eight are better served as four and four than as six and two.
        : rows >= 6 && rows != 8 ? 6
        : Math.Min(rows, 4);

    /// <summary>y[t, v] = or += sum over k &lt; depth of x[t, k] * w_v[k], v &lt; 2, where v is a vector.</summary>
    /// <param name="rows">Rows of the tile, of <see cref="Rows"/>.</param>
    /// <param name="weights0">First vector of outputs, column k at k * 16.</param>
    /// <param name="weights1">Second vector of outputs.</param>
    /// <param name="depth">Terms of the sums.</param>
    /// <param name="inputs">Inputs as <see cref="PackedInputs"/> lays them out.</param>
    /// <param name="y">Result; row t at t * yStride.</param>
    /// <param name="yStride">Floats from row to row of y.</param>
    /// <param name="add">Whether y holds a sum to be added to.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply<TLanes>(
        int rows,
        float* weights0,
        float* weights1,
        int depth,
        float* inputs,
        float* y,
        nint yStride,
        bool add
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        switch (rows)
        {
            case 12:
                MultiplyTwelve<TLanes>(weights0, weights1, depth, inputs, y, yStride, add);
                break;
            case 6:
                MultiplySix<TLanes>(weights0, weights1, depth, inputs, y, yStride, add);
                break;
            case 4:
                MultiplyFour<TLanes>(weights0, weights1, depth, inputs, y, yStride, add);
                break;
            default:
                MultiplyTwo<TLanes>(weights0, weights1, depth, inputs, y, yStride, add);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTwelve<TLanes>(
        float* weights0,
        float* weights1,
        int depth,
        float* inputs,
        float* y,
        nint yStride,
        bool add
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        Prefetch<TLanes>(y, yStride, 12);
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
            f1 = zero,
            g0 = zero,
            g1 = zero,
            h0 = zero,
            h1 = zero,
            i0 = zero,
            i1 = zero,
            j0 = zero,
            j1 = zero,
            k0 = zero,
            k1 = zero,
            l0 = zero,
            l1 = zero;
        for (; depth > 0; depth -= Chunk)
        {
            for (var end = inputs + Math.Min(depth, Chunk); inputs < end; inputs++)
            {
                var w0 = TLanes.Load(weights0);
                var w1 = TLanes.Load(weights1);
                Add(inputs[0], w0, w1, ref a0, ref a1);
                Add(inputs[Chunk], w0, w1, ref b0, ref b1);
                Add(inputs[2 * Chunk], w0, w1, ref c0, ref c1);
                Add(inputs[3 * Chunk], w0, w1, ref d0, ref d1);
                Add(inputs[4 * Chunk], w0, w1, ref e0, ref e1);
                Add(inputs[5 * Chunk], w0, w1, ref f0, ref f1);
                Add(inputs[6 * Chunk], w0, w1, ref g0, ref g1);
                Add(inputs[7 * Chunk], w0, w1, ref h0, ref h1);
                Add(inputs[8 * Chunk], w0, w1, ref i0, ref i1);
                Add(inputs[9 * Chunk], w0, w1, ref j0, ref j1);
                Add(inputs[10 * Chunk], w0, w1, ref k0, ref k1);
                Add(inputs[11 * Chunk], w0, w1, ref l0, ref l1);
                weights0 += PackedMatrix.RowGroup;
                weights1 += PackedMatrix.RowGroup;
            }

            inputs += 11 * Chunk;
        }

        Store(a0, a1, y, add);
        Store(b0, b1, y + yStride, add);
        Store(c0, c1, y + 2 * yStride, add);
        Store(d0, d1, y + 3 * yStride, add);
        Store(e0, e1, y + 4 * yStride, add);
        Store(f0, f1, y + 5 * yStride, add);
        Store(g0, g1, y + 6 * yStride, add);
        Store(h0, h1, y + 7 * yStride, add);
        Store(i0, i1, y + 8 * yStride, add);
        Store(j0, j1, y + 9 * yStride, add);
        Store(k0, k1, y + 10 * yStride, add);
        Store(l0, l1, y + 11 * yStride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplySix<TLanes>(
        float* weights0,
        float* weights1,
        int depth,
        float* inputs,
        float* y,
        nint yStride,
        bool add
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        Prefetch<TLanes>(y, yStride, 6);
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
        for (; depth > 0; depth -= Chunk)
        {
            for (var end = inputs + Math.Min(depth, Chunk); inputs < end; inputs++)
            {
                var w0 = TLanes.Load(weights0);
                var w1 = TLanes.Load(weights1);
                Add(inputs[0], w0, w1, ref a0, ref a1);
                Add(inputs[Chunk], w0, w1, ref b0, ref b1);
                Add(inputs[2 * Chunk], w0, w1, ref c0, ref c1);
                Add(inputs[3 * Chunk], w0, w1, ref d0, ref d1);
                Add(inputs[4 * Chunk], w0, w1, ref e0, ref e1);
                Add(inputs[5 * Chunk], w0, w1, ref f0, ref f1);
                weights0 += PackedMatrix.RowGroup;
                weights1 += PackedMatrix.RowGroup;
            }

            inputs += 5 * Chunk;
        }

        Store(a0, a1, y, add);
        Store(b0, b1, y + yStride, add);
        Store(c0, c1, y + 2 * yStride, add);
        Store(d0, d1, y + 3 * yStride, add);
        Store(e0, e1, y + 4 * yStride, add);
        Store(f0, f1, y + 5 * yStride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFour<TLanes>(
        float* weights0,
        float* weights1,
        int depth,
        float* inputs,
        float* y,
        nint yStride,
        bool add
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
            d1 = zero;
        for (; depth > 0; depth -= Chunk)
        {
            for (var end = inputs + Math.Min(depth, Chunk); inputs < end; inputs++)
            {
                var w0 = TLanes.Load(weights0);
                var w1 = TLanes.Load(weights1);
                Add(inputs[0], w0, w1, ref a0, ref a1);
                Add(inputs[Chunk], w0, w1, ref b0, ref b1);
                Add(inputs[2 * Chunk], w0, w1, ref c0, ref c1);
                Add(inputs[3 * Chunk], w0, w1, ref d0, ref d1);
                weights0 += PackedMatrix.RowGroup;
                weights1 += PackedMatrix.RowGroup;
            }

            inputs += 3 * Chunk;
        }

        Store(a0, a1, y, add);
        Store(b0, b1, y + yStride, add);
        Store(c0, c1, y + 2 * yStride, add);
        Store(d0, d1, y + 3 * yStride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTwo<TLanes>(
        float* weights0,
        float* weights1,
        int depth,
        float* inputs,
        float* y,
        nint yStride,
        bool add
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var zero = TLanes.Broadcast(0);
        TLanes a0 = zero,
            a1 = zero,
            b0 = zero,
            b1 = zero;
        for (; depth > 0; depth -= Chunk)
        {
            for (var end = inputs + Math.Min(depth, Chunk); inputs < end; inputs++)
            {
                var w0 = TLanes.Load(weights0);
                var w1 = TLanes.Load(weights1);
                Add(inputs[0], w0, w1, ref a0, ref a1);
                Add(inputs[Chunk], w0, w1, ref b0, ref b1);
                weights0 += PackedMatrix.RowGroup;
                weights1 += PackedMatrix.RowGroup;
            }

            inputs += Chunk;
        }

        Store(a0, a1, y, add);
        Store(b0, b1, y + yStride, add);
    }

    /// <summary>One column of one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TLanes>(
        float input,
        TLanes w0,
        TLanes w1,
        ref TLanes sum0,
        ref TLanes sum1
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var x = TLanes.Broadcast(input);
        sum0 = TLanes.Fma(x, w0, sum0);
        sum1 = TLanes.Fma(x, w1, sum1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes>(TLanes sum0, TLanes sum1, float* y, bool add)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (add)
        {
            sum0 = TLanes.Load(y) + sum0;
            sum1 = TLanes.Load(y + TLanes.Width) + sum1;
        }

        TLanes.Store(sum0, y);
        TLanes.Store(sum1, y + TLanes.Width);
    }

    /// <summary>The lines that the sums will go to, far apart and a while away.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch<TLanes>(float* y, nint yStride, int rows)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (Sse.IsSupported)
        {
            for (var row = 0; row < rows; row++)
            {
                Sse.Prefetch0(y);
                Sse.Prefetch0(y + 2 * TLanes.Width - 1);
                y += yStride;
            }
        }
    }
}

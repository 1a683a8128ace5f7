using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Norm;

/// <summary>
/// y[c] = x[c] / sqrt(mean over c of x[c]^2 + epsilon) * w[c] (Zhang and Sennrich 2019, equation 4). The norm of
/// queries and keys head by head is the same with T * H rows of d.
/// </summary>
public static unsafe class RmsNorm
{
    /// <summary>Normalises every row; y may be x. The sum of a row is always taken in the same order.</summary>
    /// <param name="x">[R, C].</param>
    /// <param name="weight">w, one row, C.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <param name="y">[R, C].</param>
    /// <param name="pool">Threads, which share the rows.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static void Forward(
        FloatRows x,
        NativeSpan<float> weight,
        float epsilon,
        FloatRows y,
        WorkerPool pool
    )
    {
        x.CheckSame(y, nameof(y));
        RowShape.Check(weight.Length, x.Columns, 1, x.Columns, nameof(weight));
        Dispatch.Run(
            new Job(
                x.Pointer,
                x.Stride,
                weight.Pointer,
                epsilon,
                y.Pointer,
                y.Stride,
                x.Rows,
                x.Columns
            ),
            pool,
            x.Elements
        );
    }

    internal readonly struct Job(
        float* x,
        nint xStride,
        float* weight,
        float epsilon,
        float* y,
        nint yStride,
        int rows,
        int columns
    ) : ILanesJob
    {
        private readonly float* _x = x;
        private readonly float* _weight = weight;
        private readonly float* _y = y;

        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var end = Dispatch.PartStart(rows, part + 1, parts);
            for (var row = Dispatch.PartStart(rows, part, parts); row < end; row++)
            {
                var from = _x + row * xStride;
                var mean = SumOfSquares<TLanes>(from) / columns;
                Multiply<TLanes>(from, 1 / MathF.Sqrt(mean + epsilon), _y + row * yStride);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private float SumOfSquares<TLanes>(float* row)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            TLanes a = TLanes.Broadcast(0),
                b = a,
                c = a,
                d = a;
            var index = 0;
            for (; index + 4 * TLanes.Width <= columns; index += 4 * TLanes.Width)
            {
                a = Square(row + index, a);
                b = Square(row + index + TLanes.Width, b);
                c = Square(row + index + 2 * TLanes.Width, c);
                d = Square(row + index + 3 * TLanes.Width, d);
            }

            for (; index + TLanes.Width <= columns; index += TLanes.Width)
            {
                a = Square(row + index, a);
            }

            var rest = columns - index;
            if (rest > 0)
            {
                var value = PartialLanes.Load<TLanes>(row + index, rest);
                b = TLanes.Fma(value, value, b);
            }

            return TLanes.Sum(a + b + (c + d));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TLanes Square<TLanes>(float* source, TLanes sum)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var value = TLanes.Load(source);
            return TLanes.Fma(value, value, sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Multiply<TLanes>(float* from, float factor, float* to)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var scale = TLanes.Broadcast(factor);
            var index = 0;
            for (; index + TLanes.Width <= columns; index += TLanes.Width)
            {
                var value = TLanes.Load(from + index) * scale;
                TLanes.Store(value * TLanes.Load(_weight + index), to + index);
            }

            var rest = columns - index;
            if (rest > 0)
            {
                var value = PartialLanes.Load<TLanes>(from + index, rest) * scale;
                PartialLanes.Store(
                    value * PartialLanes.Load<TLanes>(_weight + index, rest),
                    to + index,
                    rest
                );
            }
        }
    }
}

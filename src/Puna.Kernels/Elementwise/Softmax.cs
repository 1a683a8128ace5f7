using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>
/// softmax(x)[c] = e^(x[c] - max) / sum of the same. An element -Inf gets 0; a row with NaN, with +Inf, or of nothing
/// but -Inf becomes NaN.
/// </summary>
public static unsafe class Softmax
{
    /// <summary>Of one row; y may be x.</summary>
    /// <exception cref="ArgumentException">y is shorter than x.</exception>
    public static void Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        RowShape.Check(y.Length, x.Length, 1, x.Length, nameof(y));
        fixed (float* from = x)
        fixed (float* to = y)
        {
            Dispatch.Run(new Job(from, x.Length, to, x.Length, 1, x.Length));
        }
    }

    /// <summary>Of every row; y may be x.</summary>
    /// <param name="x">[R, C].</param>
    /// <param name="y">[R, C].</param>
    /// <param name="pool">Threads, which share the rows.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static void Forward(FloatRows x, FloatRows y, WorkerPool pool)
    {
        x.CheckSame(y, nameof(y));
        Dispatch.Run(
            new Job(x.Pointer, x.Stride, y.Pointer, y.Stride, x.Rows, x.Columns),
            pool,
            x.Elements
        );
    }

    internal readonly struct Job(
        float* x,
        nint xStride,
        float* y,
        nint yStride,
        int rows,
        int columns
    ) : ILanesJob
    {
        private readonly float* _x = x;
        private readonly float* _y = y;

        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var end = Dispatch.PartStart(rows, part + 1, parts);
            for (var row = Dispatch.PartStart(rows, part, parts); row < end; row++)
            {
                OfRow<TLanes>(_x + row * xStride, _y + row * yStride);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void OfRow<TLanes>(float* from, float* to)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var maximum = RowMaximum.Of<TLanes>(from, columns);
            var sum = LogSumExp.SumExp<TLanes>(from, columns, maximum, to);
            var factor = TLanes.Broadcast((float)(1 / sum));
            var index = 0;
            for (; index + TLanes.Width <= columns; index += TLanes.Width)
            {
                TLanes.Store(TLanes.Load(to + index) * factor, to + index);
            }

            var rest = columns - index;
            if (rest > 0)
            {
                var value = PartialLanes.Load<TLanes>(to + index, rest) * factor;
                PartialLanes.Store(value, to + index, rest);
            }
        }
    }
}

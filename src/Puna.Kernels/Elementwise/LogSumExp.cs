using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>
/// log(sum over c of e^x[c]), with the greatest element taken out first so that nothing overflows. The log-probability
/// of class c is x[c] - LogSumExp.
/// </summary>
/// <remarks>
/// All elements -Inf give -Inf, an element +Inf gives +Inf, NaN gives NaN. Pieces of 1024 elements are summed in f32
/// and added in f64, so that the error does not grow with the size of a vocabulary.
/// </remarks>
public static unsafe class LogSumExp
{
    private const int Piece = 1024;

    /// <summary>Of one row; -Inf when it is empty.</summary>
    public static double Of(ReadOnlySpan<float> x)
    {
        double result;
        fixed (float* pointer = x)
        {
            Dispatch.Run(new Job(pointer, x.Length, 1, x.Length, &result));
        }

        return result;
    }

    /// <summary>result[r] = log sum exp of row r.</summary>
    /// <param name="x">[R, C].</param>
    /// <param name="result">One number for each row.</param>
    /// <param name="pool">Threads, which share the rows.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other.</exception>
    public static void Forward(FloatRows x, Span<double> result, WorkerPool pool)
    {
        RowShape.Check(result.Length, 1, x.Rows, 1, nameof(result));
        fixed (double* pointer = result)
        {
            Dispatch.Run(
                new Job(x.Pointer, x.Stride, x.Rows, x.Columns, pointer),
                pool,
                x.Elements
            );
        }
    }

    /// <summary>
    /// sum over c of e^(x[c] - maximum), and the terms themselves into y where it is not null; y may be x.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double SumExp<TLanes>(float* x, int count, float maximum, float* y)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var shift = TLanes.Broadcast(maximum);
        var total = 0.0;
        for (var first = 0; first < count; first += Piece)
        {
            var last = Math.Min(count, first + Piece);
            var sum = TLanes.Broadcast(0);
            var index = first;
            for (; index + TLanes.Width <= last; index += TLanes.Width)
            {
                var term = Exponential.Of(TLanes.Load(x + index) - shift);
                sum += term;
                if (y != null)
                {
                    TLanes.Store(term, y + index);
                }
            }

            var rest = last - index;
            if (rest > 0)
            {
                var term = Exponential.Of(
                    PartialLanes.Load<TLanes>(x + index, rest, float.NegativeInfinity) - shift
                );
                sum += term;
                if (y != null)
                {
                    PartialLanes.Store(term, y + index, rest);
                }
            }

            total += TLanes.Sum(sum);
        }

        return total;
    }

    internal readonly struct Job(float* x, nint xStride, int rows, int columns, double* result)
        : ILanesJob
    {
        private readonly float* _x = x;
        private readonly double* _result = result;

        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var end = Dispatch.PartStart(rows, part + 1, parts);
            for (var row = Dispatch.PartStart(rows, part, parts); row < end; row++)
            {
                _result[row] = OfRow<TLanes>(_x + row * xStride);
            }
        }

        private double OfRow<TLanes>(float* row)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var maximum = RowMaximum.Of<TLanes>(row, columns);
            if (float.IsInfinity(maximum))
            {
                // With a finite shift the terms of infinite elements are 0 or Inf, and those of NaN are NaN.
                return Math.Log(SumExp<TLanes>(row, columns, 0, null));
            }

            return maximum + Math.Log(SumExp<TLanes>(row, columns, maximum, null));
        }
    }
}

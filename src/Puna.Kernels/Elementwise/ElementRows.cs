using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Elementwise;

/// <summary>
/// The loop that all element-wise kernels share: result[r, c] = op(left[r, c], right[r, c]). The result may be left
/// or right itself (same pointer and stride); otherwise they must not overlap.
/// </summary>
internal static unsafe class ElementRows
{
    /// <summary>Checks the shapes and runs the loop.</summary>
    /// <param name="operation">The function.</param>
    /// <param name="left">[R, C].</param>
    /// <param name="right">[R, C].</param>
    /// <param name="result">[R, C].</param>
    /// <param name="pool">Threads.</param>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static void Run<TOperator>(
        TOperator operation,
        FloatRows left,
        FloatRows right,
        FloatRows result,
        WorkerPool pool
    )
        where TOperator : struct, IElementOperator
    {
        left.CheckSame(right, nameof(right));
        Run(operation, left, right.Pointer, right.Stride, result, pool);
    }

    /// <summary>The same with one row that is repeated: result[r, c] = op(left[r, c], row[c]).</summary>
    /// <exception cref="ArgumentException">The shapes differ or the row is too short.</exception>
    public static void Run<TOperator>(
        TOperator operation,
        FloatRows left,
        NativeSpan<float> row,
        FloatRows result,
        WorkerPool pool
    )
        where TOperator : struct, IElementOperator
    {
        RowShape.Check(row.Length, 0, Math.Min(left.Rows, 1), left.Columns, nameof(row));
        Run(operation, left, row.Pointer, 0, result, pool);
    }

    private static void Run<TOperator>(
        TOperator operation,
        FloatRows left,
        float* right,
        int rightStride,
        FloatRows result,
        WorkerPool pool
    )
        where TOperator : struct, IElementOperator
    {
        left.CheckSame(result, nameof(result));
        Dispatch.Run(
            new Job<TOperator>(
                operation,
                left.Pointer,
                left.Stride,
                right,
                rightStride,
                result.Pointer,
                result.Stride,
                left.Rows,
                left.Columns
            ),
            pool,
            left.Elements
        );
    }

    internal readonly struct Job<TOperator>(
        TOperator operation,
        float* left,
        nint leftStride,
        float* right,
        nint rightStride,
        float* result,
        nint resultStride,
        int rows,
        int columns
    ) : ILanesJob
        where TOperator : struct, IElementOperator
    {
        // Long rows are shared out in pieces; a multiple of every width, so that only the last has a tail.
        private const int Piece = 1024;
        private readonly TOperator _operation = operation;
        private readonly float* _left = left;
        private readonly float* _right = right;
        private readonly float* _result = result;

        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var pieces = (columns + Piece - 1) / Piece;
            var units = checked(rows * pieces);
            var end = Dispatch.PartStart(units, part + 1, parts);
            for (var unit = Dispatch.PartStart(units, part, parts); unit < end; unit++)
            {
                var row = unit / pieces;
                var first = unit % pieces * Piece;
                Apply<TLanes>(
                    _left + row * leftStride + first,
                    _right + row * rightStride + first,
                    _result + row * resultStride + first,
                    Math.Min(Piece, columns - first)
                );
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Apply<TLanes>(float* a, float* b, float* y, int count)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var index = 0;
            for (; index + TLanes.Width <= count; index += TLanes.Width)
            {
                TLanes.Store(
                    _operation.Apply(TLanes.Load(a + index), TLanes.Load(b + index)),
                    y + index
                );
            }

            var rest = count - index;
            if (rest > 0)
            {
                var value = _operation.Apply(
                    PartialLanes.Load<TLanes>(a + index, rest),
                    PartialLanes.Load<TLanes>(b + index, rest)
                );
                PartialLanes.Store(value, y + index, rest);
            }
        }
    }
}

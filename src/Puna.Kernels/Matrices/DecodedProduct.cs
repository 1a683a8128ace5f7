using Puna.Kernels.Activations;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>
/// y[t, m] = sum over k of x[t, k] * W[m, k] in f32, for any format: some row groups of W at a time are decoded to
/// panels, then multiplied in the order of <see cref="PanelProduct"/>. An output belongs to one panel, so neither the
/// number of panels decoded at a time, which grows with the threads, nor the batch changes a bit of it.
/// </summary>
internal static unsafe class DecodedProduct
{
    private const int Group = PackedMatrix.RowGroup;

    /// <summary>Multiplies, overwriting y; the shapes have been checked.</summary>
    /// <param name="matrix">W [M, K].</param>
    /// <param name="x">Activations [T, K]; their f32 rows are read.</param>
    /// <param name="y">[T, M]. Must not overlap x.</param>
    /// <param name="pool">Threads.</param>
    public static void Multiply(PackedMatrix matrix, ActivationRows x, FloatRows y, WorkerPool pool)
    {
        if (x.Tokens == 0)
        {
            return;
        }

        // The product takes panels in pairs, and packs the inputs anew each time: some pairs for each thread.
        var groups = Math.Min(8 * pool.Threads, (matrix.Rows + Group - 1) / Group);
        var held = (long)groups * Group * matrix.Columns;
        var scratch = pool.Scratch(held + (long)pool.Threads * matrix.Columns);
        var panels = scratch.Slice(0, held);
        var decoded = scratch.Slice(held);
        for (var first = 0; first < matrix.Rows; first += groups * Group)
        {
            var count = Math.Min(groups * Group, matrix.Rows - first);
            var decode = new DecodeJob(matrix, first, count, panels, decoded);
            pool.Run(ref decode);
            PanelProduct.Multiply(
                new DensePanelSource<DenseElements.F32>((byte*)panels.Pointer, matrix.Columns),
                count,
                matrix.Columns,
                new FloatLayout(x.Rows.Pointer, x.Rows.Stride),
                x.Tokens,
                y.Pointer + first,
                y.Stride,
                pool
            );
        }
    }

    /// <summary>Rows first.. to panels [group][column][16]; a last group keeps what its padding rows held: it is not stored.</summary>
    private readonly struct DecodeJob(
        PackedMatrix matrix,
        int first,
        int count,
        NativeSpan<float> panels,
        NativeSpan<float> decoded
    ) : IParallelJob
    {
        public void Execute(int part, int parts)
        {
            var columns = matrix.Columns;
            var values = decoded.Slice((long)part * columns, columns).Span;
            var end = Dispatch.PartStart(count, part + 1, parts);
            for (var row = Dispatch.PartStart(count, part, parts); row < end; row++)
            {
                matrix.DequantRows(first + row, 1, values);
                var panel = panels.Pointer + (long)(row / Group) * columns * Group + row % Group;
                for (var column = 0; column < values.Length; column++)
                {
                    panel[(nint)column * Group] = values[column];
                }
            }
        }
    }
}

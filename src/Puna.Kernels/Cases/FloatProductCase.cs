using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Cases;

/// <summary>C [M, N] = A B in f32 where neither is a packed weight, each as it lies or transposed.</summary>
/// <param name="form">Two letters, n or t: whether A, then B, is transposed.</param>
/// <param name="rows">M.</param>
/// <param name="columns">N.</param>
/// <param name="depth">K.</param>
internal sealed class FloatProductCase(string form, int rows, int columns, int depth) : IKernelCase
{
    /// <inheritdoc/>
    public string Name => $"sgemm {form} f32 {rows}x{depth}x{columns}";

    /// <inheritdoc/>
    public KernelWork Work =>
        new(
            ((double)rows * depth + (double)depth * columns + (double)rows * columns)
                * sizeof(float),
            OperandHome.Cache,
            2.0 * rows * columns * depth
        );

    /// <inheritdoc/>
    public IPreparedKernel Prepare(WorkerPool pool) =>
        new Prepared(form, rows, columns, depth, pool);

    private sealed class Prepared(string form, int rows, int columns, int depth, WorkerPool pool)
        : IPreparedKernel
    {
        private readonly NativeBuffer<float> _a = RandomFloats.Buffer((long)rows * depth);
        private readonly NativeBuffer<float> _b = RandomFloats.Buffer((long)depth * columns);
        private readonly NativeBuffer<float> _c = new((long)rows * columns);

        public void Run() =>
            FloatProduct.Multiply(
                View(_a, rows, depth, form[0]),
                View(_b, depth, columns, form[1]),
                new FloatMatrix(_c.Span, rows, columns),
                accumulate: false,
                pool
            );

        public void Dispose()
        {
            _a.Dispose();
            _b.Dispose();
            _c.Dispose();
        }

        private static FloatMatrix View(
            NativeBuffer<float> values,
            int rows,
            int columns,
            char form
        ) =>
            form == 't'
                ? new FloatMatrix(values.Span, columns, rows).Transpose()
                : new FloatMatrix(values.Span, rows, columns);
    }
}

using Puna.Kernels.Activations;
using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Cases;

/// <summary>
/// y [T, M] = x [T, K] W^T with packed weights; rows of x are int8 where the weights are in blocks, as a model runs
/// them, and already quantised.
/// </summary>
/// <param name="kernel">First word of the name.</param>
/// <param name="format">Format of W.</param>
/// <param name="tokens">T.</param>
/// <param name="rows">M.</param>
/// <param name="columns">K.</param>
/// <param name="home">Where W lies.</param>
internal sealed class ProductCase(
    string kernel,
    WeightFormat format,
    int tokens,
    int rows,
    int columns,
    OperandHome home
) : IKernelCase
{
    // Random rows are made once and repeated: making all of a large matrix takes longer than packing it.
    private const long RandomBytes = 1 << 20;

    /// <inheritdoc/>
    public string Name =>
        $"{kernel} {format.Id} {tokens}x{columns}x{rows}"
        + (home == OperandHome.Memory ? " memory" : "");

    /// <inheritdoc/>
    public KernelWork Work =>
        new(
            rows * format.RowBytes(columns) + (double)tokens * (columns + rows) * sizeof(float),
            home,
            2.0 * tokens * rows * columns,
            format.IsDense ? KernelArithmetic.F32 : KernelArithmetic.Int8
        );

    /// <inheritdoc/>
    public IPreparedKernel Prepare(WorkerPool pool) =>
        new Prepared(
            Matrix(pool),
            tokens,
            format.IsDense ? ActivationFormat.F32 : ActivationFormat.Int8,
            pool
        );

    private PackedMatrix Matrix(WorkerPool pool)
    {
        var rowBytes = format.RowBytes(columns);
        using var source = new NativeBuffer<byte>(rows * rowBytes, clear: false);
        var made = Math.Clamp(RandomBytes / rowBytes, 1, rows) * rowBytes;
        format.FillRandom(1, source.Span.Slice(0, made).Span);
        for (var done = made; done < source.Length; done += made)
        {
            var count = Math.Min(made, source.Length - done);
            source.Span.Slice(0, count).Span.CopyTo(source.Span.Slice(done, count).Span);
        }

        return format.Pack(new StoredMatrix(source.Span, rows, columns), pool);
    }

    private sealed class Prepared : IPreparedKernel
    {
        private readonly PackedMatrix _matrix;
        private readonly WorkerPool _pool;
        private readonly NativeBuffer<float> _x;
        private readonly NativeBuffer<float> _y;
        private readonly ActivationRows _activations;

        public Prepared(
            PackedMatrix matrix,
            int tokens,
            ActivationFormat activations,
            WorkerPool pool
        )
        {
            _matrix = matrix;
            _pool = pool;
            _x = RandomFloats.Buffer((long)tokens * matrix.Columns);
            _y = new NativeBuffer<float>((long)tokens * matrix.Rows);
            _activations = new ActivationRows(tokens, matrix.Columns, activations);
            _activations.Load(new FloatRows(_x.Span, tokens, matrix.Columns), pool);
        }

        public void Run() =>
            _matrix.Multiply(
                _activations,
                new FloatRows(_y.Span, _activations.Tokens, _matrix.Rows),
                _pool
            );

        public void Dispose()
        {
            _activations.Dispose();
            _y.Dispose();
            _x.Dispose();
            _matrix.Dispose();
        }
    }
}

using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Cases;

/// <summary>A kernel that goes over rows of floats once: its floor is moving them.</summary>
/// <param name="name">Its name.</param>
/// <param name="floats">Floats read and written in a run.</param>
/// <param name="operand">Floats of each of the operands.</param>
/// <param name="kernel">The kernel on two operands of that size, the second the result, and what it keeps.</param>
internal sealed class RowCase(
    string name,
    long floats,
    long operand,
    Func<NativeSpan<float>, NativeSpan<float>, WorkerPool, (Action Run, IDisposable? Owned)> kernel
) : IKernelCase
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public KernelWork Work => new(floats * sizeof(float), OperandHome.Cache);

    /// <inheritdoc/>
    public IPreparedKernel Prepare(WorkerPool pool) => new Prepared(operand, kernel, pool);

    private sealed class Prepared : IPreparedKernel
    {
        private readonly NativeBuffer<float> _x;
        private readonly NativeBuffer<float> _y;
        private readonly Action _run;
        private readonly IDisposable? _owned;

        public Prepared(
            long operand,
            Func<
                NativeSpan<float>,
                NativeSpan<float>,
                WorkerPool,
                (Action Run, IDisposable? Owned)
            > kernel,
            WorkerPool pool
        )
        {
            _x = RandomFloats.Buffer(operand);
            _y = RandomFloats.Buffer(operand);
            (_run, _owned) = kernel(_x.Span, _y.Span, pool);
        }

        public void Run() => _run();

        public void Dispose()
        {
            _owned?.Dispose();
            _y.Dispose();
            _x.Dispose();
        }
    }
}

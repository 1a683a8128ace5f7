using Puna.Engine.Linear;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Tests.Linear;

/// <summary>y += B A x with random A [r, K] and B [M, r]; or, when it replaces the base, y = B A x.</summary>
internal sealed class LowRankAdapter : LinearAdapter
{
    private readonly NativeBuffer<float> _a;
    private readonly NativeBuffer<float> _b;
    private readonly int _rank;
    private NativeBuffer<float> _inner = new(0);

    public LowRankAdapter(LinearLayer linear, int rank, int seed, bool isReplacement = false)
    {
        var random = new Random(seed);
        (_rank, IsReplacement) = (rank, isReplacement);
        (Rows, Columns) = (linear.Weight.Rows, linear.Weight.Columns);
        _a = Random(random, (long)rank * Columns);
        _b = Random(random, (long)Rows * rank);
    }

    public bool IsReplacement { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>B A, [M, K], in double.</summary>
    public double[] Product()
    {
        var product = new double[Rows * Columns];
        for (var row = 0; row < Rows; row++)
        {
            for (var column = 0; column < Columns; column++)
            {
                for (var inner = 0; inner < _rank; inner++)
                {
                    product[row * Columns + column] +=
                        (double)_b.Span[row * _rank + inner] * _a.Span[inner * Columns + column];
                }
            }
        }

        return product;
    }

    public override void Forward(FloatRows x, FloatRows y, WorkerPool pool)
    {
        if (_inner.Length < (long)x.Rows * _rank)
        {
            _inner.Dispose();
            _inner = new NativeBuffer<float>((long)x.Rows * _rank);
        }

        var inner = new FloatMatrix(new FloatRows(_inner.Span, x.Rows, _rank));
        var a = new FloatMatrix(new FloatRows(_a.Span, _rank, Columns));
        var b = new FloatMatrix(new FloatRows(_b.Span, Rows, _rank));
        FloatProduct.Multiply(new FloatMatrix(x), a.Transpose(), inner, accumulate: false, pool);
        FloatProduct.Multiply(inner, b.Transpose(), new FloatMatrix(y), !IsReplacement, pool);
    }

    public override void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _inner.Dispose();
    }

    private static NativeBuffer<float> Random(Random random, long length)
    {
        var buffer = new NativeBuffer<float>(length);
        for (var index = 0L; index < length; index++)
        {
            buffer.Span[index] = (float)(0.2 * (random.NextDouble() - 0.5));
        }

        return buffer;
    }
}

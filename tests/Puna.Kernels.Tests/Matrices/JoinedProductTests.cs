using Puna.Kernels.Activations;
using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Matrices;

public sealed class JoinedProductTests
{
    [Theory]
    [InlineData(ActivationFormat.Int8, 1, 1)]
    [InlineData(ActivationFormat.Int8, 1, 3)]
    [InlineData(ActivationFormat.Int8, 5, 2)]
    [InlineData(ActivationFormat.F32, 1, 2)]
    [InlineData(ActivationFormat.F32, 7, 3)]
    [InlineData(ActivationFormat.F32, 0, 2)]
    public void Matrices_of_any_formats_give_what_each_gives_alone(
        ActivationFormat activations,
        int tokens,
        int threads
    )
    {
        using var pool = new WorkerPool(threads);
        using var first = Matrix(WeightFormats.Q4_1, 300, pool);
        using var second = Matrix(WeightFormats.F16, 1, pool);
        using var third = Matrix(WeightFormats.Q6_K, 129, pool);
        using var values = new NativeBuffer<float>(tokens * Columns);
        var random = new Random(7);
        foreach (ref var value in values.Span.Span)
        {
            value = random.NextSingle() - 0.5f;
        }

        using var x = new ActivationRows(tokens, Columns, activations);
        x.Load(new FloatRows(values.Span, tokens, Columns));
        PackedMatrix[] matrices = [first, second, third];
        var expected = matrices.Select(matrix => Alone(matrix, x, pool)).ToArray();
        var results = matrices
            .Select(matrix => new NativeBuffer<float>(tokens * matrix.Rows))
            .ToArray();
        JoinedProduct.Multiply(
            x,
            pool,
            new MatrixProduct(first, results[0].Span),
            new MatrixProduct(second, results[1].Span),
            new MatrixProduct(third, results[2].Span)
        );
        for (var index = 0; index < matrices.Length; index++)
        {
            Assert.Equal(expected[index], results[index].Span.Span.ToArray());
            results[index].Dispose();
        }
    }

    [Fact]
    public void A_result_that_is_too_short_is_refused()
    {
        using var pool = new WorkerPool(1);
        using var matrix = Matrix(WeightFormats.Q4_1, 300, pool);
        using var values = new NativeBuffer<float>(Columns);
        using var x = new ActivationRows(1, Columns, ActivationFormat.Int8);
        x.Load(new FloatRows(values.Span, 1, Columns));
        using var result = new NativeBuffer<float>(299);
        Assert.Throws<ArgumentException>(() =>
            JoinedProduct.Multiply(x, pool, new MatrixProduct(matrix, result.Span))
        );
    }

    private const int Columns = 256;

    private static float[] Alone(PackedMatrix matrix, ActivationRows x, WorkerPool pool)
    {
        using var y = new NativeBuffer<float>(x.Tokens * matrix.Rows);
        matrix.Multiply(x, new FloatRows(y.Span, x.Tokens, matrix.Rows), pool);
        return y.Span.Span.ToArray();
    }

    private static PackedMatrix Matrix(WeightFormat format, int rows, WorkerPool pool)
    {
        using var stored = new NativeBuffer<byte>(rows * format.RowBytes(Columns));
        if (format == WeightFormats.F16)
        {
            stored.Span.Span.Fill(0x2A);
        }
        else
        {
            format.FillRandom((ulong)rows, stored.Span.Span);
        }

        return format.Pack(new StoredMatrix(stored.Span, rows, Columns), pool);
    }
}

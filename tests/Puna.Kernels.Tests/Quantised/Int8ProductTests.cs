using Puna.Kernels.Activations;
using Puna.Kernels.Formats;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Quantised;

public sealed unsafe class Int8ProductTests
{
    public static TheoryData<WeightFormat> Formats => BlockMatrix.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_product_is_that_of_the_definition_at_every_width_and_emitted(
        WeightFormat format
    )
    {
        var random = new Random(17);
        for (var round = 0; round < 8; round++)
        {
            var rows = 2 * random.Next(20) + 1;
            var columns = random.Next(1, 6) * format.BlockSize;
            var tokens = random.Next(1, 41);
            using var matrix = BlockMatrix.Random(format, rows, columns, (ulong)round);
            Check(matrix, TestNumbers.Uniform(tokens * columns, round, 3), tokens);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Codes_and_activations_at_their_limits_do_not_overflow(WeightFormat format)
    {
        const int Rows = 17;
        const int Columns = 512;
        foreach (var fill in new byte[] { 0x00, 0xFF, 0x80, 0x7F, 0xF0, 0x0F })
        {
            var stored = new byte[Rows * format.RowBytes(Columns)];
            format.FillRandom(1, stored);
            FillCodes(format, stored, fill);
            using var matrix = new BlockMatrix(format, stored, Columns);
            foreach (var sign in new[] { 1, -1 })
            {
                var x = new float[3 * Columns];
                Array.Fill(x, sign * 0.5f, 0, Columns);
                for (var k = 0; k < Columns; k++)
                {
                    x[Columns + k] = k % 2 == 0 ? sign : -sign;
                    x[2 * Columns + k] = k % 32 < 16 ? sign : -sign;
                }

                Check(matrix, x, 3);
                Check(matrix, x, 1);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_row_has_the_same_bits_in_any_batch_and_on_any_number_of_threads(
        WeightFormat format
    )
    {
        const int Rows = 83;
        const int Columns = 3 * 256;
        const int Tokens = 69;
        using var matrix = BlockMatrix.Random(format, Rows, Columns, 23);
        var x = TestNumbers.Uniform(Tokens * Columns, 5);
        foreach (var path in BlockMatrix.Paths)
        {
            var whole = matrix.Multiply(x, Tokens, path);
            for (var token = 0; token < Tokens; token += 7)
            {
                var alone = matrix.Multiply(x[(token * Columns)..], 1, path);
                Assert.Equal(whole.AsSpan(token * Rows, Rows).ToArray(), alone);
            }

            foreach (var (tokens, threads) in new[] { (2, 3), (31, 1), (32, 2), (33, 4) })
            {
                var part = matrix.Multiply(x, tokens, path, threads);
                Assert.Equal(whole.AsSpan(0, tokens * Rows).ToArray(), part);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_exact_mode_multiplies_decoded_weights_and_does_not_depend_on_the_batch(
        WeightFormat format
    )
    {
        const int Rows = 45;
        const int Tokens = 9;
        foreach (var columns in new[] { format.BlockSize, 9 * format.BlockSize })
        {
            using var matrix = BlockMatrix.Random(format, Rows, columns, 29);
            var x = TestNumbers.Uniform(Tokens * columns, 31);
            var (values, magnitudes) = NaiveProduct.Forward(
                x,
                matrix.Values,
                Tokens,
                Rows,
                columns
            );
            var whole = matrix.Multiply(x, Tokens, ActivationFormat.F32, 2);
            for (var index = 0; index < whole.Length; index++)
            {
                var limit = Tolerance.F32Sum(columns) * magnitudes[index];
                Assert.InRange(whole[index] - values[index], -limit, limit);
            }

            for (var token = 0; token < Tokens; token++)
            {
                var alone = matrix.Multiply(x[(token * columns)..], 1, ActivationFormat.F32);
                Assert.Equal(whole.AsSpan(token * Rows, Rows).ToArray(), alone);
            }
        }
    }

    [Theory]
    [InlineData("q4_1")]
    [InlineData("q8_0")]
    [InlineData("q6_k")]
    public void The_transposed_product_uses_the_decoded_weights(string id)
    {
        var format = WeightFormats.Find(id)!;
        const int Rows = 21;
        const int Columns = 512;
        const int Tokens = 3;
        using var pool = new WorkerPool(2);
        using var matrix = BlockMatrix.Random(format, Rows, Columns, 37);
        var dy = TestNumbers.Uniform(Tokens * Rows, 41);
        using var from = new NativeBuffer<float>(dy.Length);
        dy.CopyTo(from.Span.Span);
        using var dx = new NativeBuffer<float>(Tokens * Columns);
        matrix.Packed.MultiplyTransposed(
            new FloatRows(from.Span, Tokens, Rows),
            new FloatRows(dx.Span, Tokens, Columns),
            pool
        );
        var (values, magnitudes) = NaiveProduct.Transposed(
            dy,
            matrix.Values,
            new float[Tokens * Columns],
            Tokens,
            Rows,
            Columns
        );
        for (var index = 0; index < values.Length; index++)
        {
            var limit = Tolerance.F32Sum(Rows) * magnitudes[index];
            Assert.InRange(dx.Span[index] - values[index], -limit, limit);
        }
    }

    [Fact]
    public void Nothing_is_allocated_by_a_product()
    {
        // One thread: the counter is this thread's own, whatever other tests do at the same time.
        using var pool = new WorkerPool(1);
        using var matrix = BlockMatrix.Random(WeightFormats.Q4_1, 64, 512, 43);
        using var activations = new ActivationRows(40, 512, ActivationFormat.Int8);
        using var exact = new ActivationRows(2, 512, ActivationFormat.F32);
        using var x = new NativeBuffer<float>(40 * 512);
        using var y = new NativeBuffer<float>(40 * 64);
        Round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 50; round++)
        {
            Round();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Round()
        {
            foreach (var tokens in (ReadOnlySpan<int>)[1, 40])
            {
                activations.Load(new FloatRows(x.Span, tokens, 512), pool);
                matrix.Packed.Multiply(
                    activations,
                    new FloatRows(y.Span, activations.Tokens, 64),
                    pool
                );
            }

            exact.Load(new FloatRows(x.Span, 2, 512));
            matrix.Packed.Multiply(exact, new FloatRows(y.Span, exact.Tokens, 64), pool);
        }
    }

    [Fact]
    public void Activations_and_results_of_another_shape_are_refused()
    {
        using var pool = new WorkerPool(1);
        using var matrix = BlockMatrix.Random(WeightFormats.Q8_0, 8, 64, 1);
        using var activations = new ActivationRows(2, 64, ActivationFormat.Int8);
        using var x = new NativeBuffer<float>(2 * 64);
        using var y = new NativeBuffer<float>(2 * 8);
        activations.Load(new FloatRows(x.Span, 2, 32, 64));
        Assert.Throws<ArgumentException>(() =>
            matrix.Packed.Multiply(activations, new FloatRows(y.Span, activations.Tokens, 8), pool)
        );
        activations.Load(new FloatRows(x.Span, 2, 64));
        Assert.Throws<ArgumentException>(() =>
            matrix.Packed.Multiply(activations, new FloatRows(y.Span, activations.Tokens, 7), pool)
        );
        Assert.Throws<ArgumentException>(() =>
            matrix.Packed.Multiply(
                activations,
                new FloatRows(y.Span.Slice(1), activations.Tokens, 8),
                pool
            )
        );
    }

    /// <summary>Compares the product of every path with the definition.</summary>
    internal static void Check(BlockMatrix matrix, float[] x, int tokens)
    {
        var (values, magnitudes) = NaiveInt8Product.Multiply(
            x.AsSpan(0, tokens * matrix.Columns),
            matrix.Values,
            tokens,
            matrix.Rows,
            matrix.Columns
        );
        var tolerance = Tolerance.Int8Product(matrix.Columns);
        foreach (var path in BlockMatrix.Paths)
        {
            var y = matrix.Multiply(x, tokens, path);
            for (var index = 0; index < y.Length; index++)
            {
                var limit = tolerance * magnitudes[index];
                if (!(Math.Abs(y[index] - values[index]) <= limit))
                {
                    Assert.Fail(
                        $"{path}, row {index % matrix.Rows}, token {index / matrix.Rows} of {tokens}: "
                            + $"{y[index]:R}, by definition {values[index]:R} within {limit:R}"
                    );
                }
            }
        }
    }

    private static void FillCodes(WeightFormat format, byte[] stored, byte fill)
    {
        var (first, end) = format.Id switch
        {
            "q4_1" => (4, 20),
            "q5_1" => (4, 24),
            "q2_k" => (16, 80),
            "q3_k" => (0, 96),
            "q4_k" => (16, 144),
            "q5_k" => (16, 176),
            "q6_k" => (0, 192),
            "iq4_xs" => (8, 136),
            "tq1_0" => (0, 52),
            "tq2_0" => (0, 64),
            "mxfp4" => (1, 17),
            _ => (2, format.BlockBytes),
        };
        for (var block = 0; block < stored.Length; block += format.BlockBytes)
        {
            stored.AsSpan(block + first, end - first).Fill(fill);
        }
    }
}

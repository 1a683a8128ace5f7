using Puna.Kernels.Activations;
using Puna.Kernels.Formats;
using Puna.Kernels.Lanes;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Matrices;

public sealed unsafe class DensePackedMatrixTests
{
    public static TheoryData<int, WeightFormat> Cases
    {
        get
        {
            var cases = new TheoryData<int, WeightFormat>();
            foreach (var width in (int[])[1, 4, 8, 16])
            {
                foreach (var format in DenseMatrices.Formats)
                {
                    cases.Add(width, format);
                }
            }

            return cases;
        }
    }

    public static TheoryData<WeightFormat> Formats => [.. DenseMatrices.Formats];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_of_every_shape_follow_f64(int width, WeightFormat format)
    {
        for (var size = 1; size <= 70; size++)
        {
            CheckShape(width, format, rows: size, columns: 71 - size, tokens: 1 + size % 13);
            CheckShape(width, format, rows: 1 + size * 7 % 70, columns: size, tokens: 1);
        }

        CheckShape(width, format, rows: 97, columns: 513, tokens: 103);
        CheckShape(width, format, rows: 130, columns: 1000, tokens: 1);
        CheckShape(width, format, rows: 40, columns: 270, tokens: 281);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_row_has_the_same_bits_in_every_batch(int width, WeightFormat format)
    {
        const int Rows = 75;
        const int Columns = 777;
        const int Tokens = 33;
        using var matrix = DenseMatrices.Pack(format, Rows, Columns, out _);
        var x = TestNumbers.Uniform(Tokens * Columns, 2);
        var whole = Forced(width, matrix, x, Tokens);
        foreach (var batch in (int[])[1, 2, 3, 7, 32])
        {
            for (var first = 0; first + batch <= Tokens; first += batch)
            {
                var part = Forced(
                    width,
                    matrix,
                    x[(first * Columns)..((first + batch) * Columns)],
                    batch
                );
                Assert.Equal(whole[(first * Rows)..((first + batch) * Rows)], part);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_number_of_threads_changes_no_bit(WeightFormat format)
    {
        const int Rows = 1003;
        const int Columns = 300;
        using var matrix = DenseMatrices.Pack(format, Rows, Columns, out _);
        using var one = new WorkerPool(1);
        foreach (var tokens in (int[])[1, 7, 33])
        {
            var x = TestNumbers.Uniform(tokens * Columns, tokens);
            var expected = DenseMatrices.Multiply(matrix, x, tokens, one);
            foreach (var threads in (int[])[2, 3])
            {
                using var pool = new WorkerPool(threads);
                Assert.Equal(expected, DenseMatrices.Multiply(matrix, x, tokens, pool));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Rows_are_decoded_exactly_and_in_the_order_asked_for(WeightFormat format)
    {
        foreach (var (rows, columns) in ((int, int)[])[(1, 1), (16, 5), (37, 130)])
        {
            var order = TestNumbers.Permutation(rows, 3);
            using var matrix = DenseMatrices.Pack(format, rows, columns, out var values, 4, order);
            var decoded = new float[columns];
            for (var row = 0; row < rows; row++)
            {
                matrix.DequantRows(row, 1, decoded);
                Assert.Equal(values.AsSpan(order[row] * columns, columns).ToArray(), decoded);
            }

            var all = new float[rows * columns];
            matrix.DequantRows(0, rows, all);
            Assert.Equal(order.SelectMany(r => values[(r * columns)..((r + 1) * columns)]), all);
            Assert.Throws<ArgumentException>(() => matrix.DequantRows(1, rows, all));
            Assert.Throws<ArgumentException>(() => matrix.DequantRows(0, rows, all.AsSpan(1)));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Only_padding_to_a_row_group_is_added_to_the_bytes(WeightFormat format)
    {
        using var matrix = DenseMatrices.Pack(format, 17, 64, out _);
        Assert.Equal(32 * format.RowBytes(64), matrix.Bytes);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_product_allocates_nothing(WeightFormat format)
    {
        const int Rows = 512;
        const int Columns = 256;
        const int Tokens = 8;
        using var matrix = DenseMatrices.Pack(format, Rows, Columns, out _);
        using var pool = new WorkerPool(2);
        using var x = new NativeBuffer<float>(Tokens * Columns);
        using var y = new NativeBuffer<float>(Tokens * Rows);
        using var rows = new ActivationRows(Tokens, Columns, ActivationFormat.F32);
        var allocated = 0L;
        for (var round = 0; round < 3; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            foreach (var tokens in (ReadOnlySpan<int>)[1, Tokens])
            {
                rows.Load(new FloatRows(x.Span, tokens, Columns));
                matrix.Multiply(rows, new FloatRows(y.Span, rows.Tokens, Rows), pool);
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, allocated);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Nan_and_infinity_stay_in_their_row(WeightFormat format)
    {
        const int Rows = 20;
        const int Columns = 40;
        using var matrix = DenseMatrices.Pack(format, Rows, Columns, out var values);
        using var pool = new WorkerPool(1);
        var x = TestNumbers.Uniform(3 * Columns, 5);
        x[5] = float.NaN;
        x[Columns + 7] = float.PositiveInfinity;
        var y = DenseMatrices.Multiply(matrix, x, 3, pool);
        for (var row = 0; row < Rows; row++)
        {
            Assert.True(float.IsNaN(y[row]));
            Assert.Equal(float.PositiveInfinity * values[row * Columns + 7], y[Rows + row]);
            Assert.True(float.IsFinite(y[2 * Rows + row]));
        }
    }

    [Theory]
    [InlineData("f16", 0x0001, 5.9604644775390625e-8f)]
    [InlineData("f16", 0x83ff, -6.097555160522461e-5f)]
    [InlineData("f16", 0xfc00, float.NegativeInfinity)]
    [InlineData("bf16", 0x0001, 9.183549615799121e-41f)]
    public void Unusual_weights_are_widened_exactly(string id, int bits, float value)
    {
        var format = WeightFormats.Find(id)!;
        using var pool = new WorkerPool(1);
        using var source = new NativeBuffer<ushort>(1);
        source.Span[0] = (ushort)bits;
        using var matrix = format.Pack(new StoredMatrix(source.Span.Cast<byte>(), 1, 1), pool);
        Assert.Equal([value], DenseMatrices.Multiply(matrix, [1], 1, pool));
        Assert.Equal([2 * value, value], DenseMatrices.Multiply(matrix, [2, 1], 2, pool));
    }

    [Theory]
    [InlineData(0x7c00, float.PositiveInfinity)]
    [InlineData(0xfe01, float.NaN)]
    public void One_weight_that_is_not_finite_is_felt_in_its_row(int bits, float value)
    {
        const int Rows = 70;
        const int Columns = 5;
        using var pool = new WorkerPool(2);
        using var source = new NativeBuffer<ushort>(Rows * Columns);
        source.Span.Span.Fill(0x3c00);
        source.Span[(45 * Columns) + 2] = (ushort)bits;
        var bytes = source.Span.Cast<byte>();
        using var matrix = WeightFormats.F16.Pack(new StoredMatrix(bytes, Rows, Columns), pool);
        foreach (var tokens in (int[])[1, 2, 13])
        {
            var x = Enumerable.Repeat(1f, tokens * Columns).ToArray();
            var y = DenseMatrices.Multiply(matrix, x, tokens, pool);
            for (var index = 0; index < y.Length; index++)
            {
                Assert.Equal(index % Rows == 45 ? value : Columns, y[index]);
            }
        }
    }

    [Fact]
    public void An_empty_batch_is_no_work_and_wrong_shapes_are_refused()
    {
        using var pool = new WorkerPool(1);
        using var matrix = DenseMatrices.Pack(WeightFormats.F32, 10, 8, out _);
        using var x = new NativeBuffer<float>(16);
        using var y = new NativeBuffer<float>(20);
        using var rows = new ActivationRows(2, 8, ActivationFormat.F32);
        rows.Load(new FloatRows(x.Span, 0, 8));
        matrix.Multiply(rows, new FloatRows(y.Span, rows.Tokens, 10), pool);
        Assert.All(y.Span.Span.ToArray(), value => Assert.Equal(0, value));
        rows.Load(new FloatRows(x.Span, 2, 8));
        Assert.Throws<ArgumentException>(() =>
            matrix.Multiply(rows, new FloatRows(y.Span, rows.Tokens, 9), pool)
        );
        Assert.Throws<ArgumentException>(() =>
            matrix.Multiply(rows, new FloatRows(y.Span.Slice(1), rows.Tokens, 10), pool)
        );
        rows.Load(new FloatRows(x.Span, 2, 7, 8));
        Assert.Throws<ArgumentException>(() =>
            matrix.Multiply(rows, new FloatRows(y.Span, rows.Tokens, 10), pool)
        );
        Assert.Throws<ArgumentException>(() => rows.Load(new FloatRows(x.Span.Slice(1), 2, 8)));
    }

    [Fact]
    public void Sources_that_do_not_fit_the_shape_are_refused()
    {
        using var pool = new WorkerPool(1);
        using var source = new NativeBuffer<byte>(64);
        Assert.Throws<ArgumentException>(() => Pack(4, 5, []));
        Assert.Throws<ArgumentException>(() => Pack(4, 4, [0, 1, 2]));
        Assert.Throws<ArgumentException>(() => Pack(4, 4, [0, 1, 2, 4]));
        Assert.Throws<ArgumentException>(() => Pack(4, 4, [0, 1, 2, -1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pack(0, 4, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => Pack(4, 0, []));

        void Pack(int rows, int columns, int[] order) =>
            WeightFormats
                .F32.Pack(new StoredMatrix(source.Span, rows, columns, order), pool)
                .Dispose();
    }

    private static void CheckShape(
        int width,
        WeightFormat format,
        int rows,
        int columns,
        int tokens
    )
    {
        using var matrix = DenseMatrices.Pack(format, rows, columns, out var values, columns);
        var x = TestNumbers.Uniform(tokens * columns, rows);
        var y = Forced(width, matrix, x, tokens);
        var (expected, magnitudes) = NaiveProduct.Forward(x, values, tokens, rows, columns);
        for (var index = 0; index < y.Length; index++)
        {
            Assert.Equal(expected[index], y[index], magnitudes[index] * Tolerance.F32Sum(columns));
        }
    }

    /// <summary>The body at one width between guard pages, in two parts, with rows that lie apart.</summary>
    private static float[] Forced(int width, PackedMatrix matrix, float[] x, int tokens)
    {
        var (rows, columns) = (matrix.Rows, matrix.Columns);
        var stride = rows + 3;
        using var from = new GuardedBuffer<float>(x);
        using var to = new GuardedBuffer<float>((tokens - 1) * stride + rows);
        to.Span.Span.Fill(7);
        for (var part = 0; part < 2; part++)
        {
            switch (matrix)
            {
                case DensePackedMatrix<DenseElements.F32> singles:
                    Run(singles, part);
                    break;
                case DensePackedMatrix<DenseElements.FiniteF16> halves:
                    Run(halves, part);
                    break;
                default:
                    Run((DensePackedMatrix<DenseElements.BF16>)matrix, part);
                    break;
            }
        }

        var result = new float[tokens * rows];
        for (var token = 0; token < tokens; token++)
        {
            to.Span.Slice(token * stride, rows).Span.CopyTo(result.AsSpan(token * rows));
            if (token < tokens - 1)
            {
                Assert.Equal([7, 7, 7], to.Span.Slice(token * stride + rows, 3).Span.ToArray());
            }
        }

        return result;

        void Run<TElement>(DensePackedMatrix<TElement> dense, int part)
            where TElement : struct, IDenseElement
        {
            switch (width)
            {
                case 1:
                    Body<TElement, Lanes1>(dense, part);
                    break;
                case 4:
                    Body<TElement, Lanes4>(dense, part);
                    break;
                case 8:
                    Body<TElement, Lanes8>(dense, part);
                    break;
                default:
                    Body<TElement, Lanes16>(dense, part);
                    break;
            }
        }

        void Body<TElement, TLanes>(DensePackedMatrix<TElement> dense, int part)
            where TElement : struct, IDenseElement
            where TLanes : unmanaged, ILanes<TLanes> =>
            dense.Body<TLanes>(from.Pointer, columns, tokens, to.Pointer, stride, part, 2);
    }
}

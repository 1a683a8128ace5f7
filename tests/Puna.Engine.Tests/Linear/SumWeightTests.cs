using Puna.Engine.Linear;
using Puna.Kernels.Activations;
using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;
using Puna.Testing;

namespace Puna.Engine.Tests.Linear;

/// <summary>A sum of terms of any formats, behind a transform, is one weight.</summary>
public sealed class SumWeightTests : IDisposable
{
    private static readonly string[][] s_terms =
    [
        ["f32"],
        ["q4_0", "f32"],
        ["q8_0", "bf16", "q4_0"],
    ];

    private readonly WorkerPool _pool = new(2);

    public static TheoryData<string, int, int, int, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, int, int, int, bool>();
            foreach (var terms in s_terms)
            {
                foreach (
                    var (rows, columns, tokens) in ((int, int, int)[])[(1, 32, 1), (47, 96, 5)]
                )
                {
                    cases.Add(string.Join(' ', terms), rows, columns, tokens, false);
                    cases.Add(string.Join(' ', terms), rows, columns, tokens, true);
                }
            }

            return cases;
        }
    }

    public void Dispose() => _pool.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public void Its_rows_are_the_sum_of_the_terms_rows_turned(
        string terms,
        int rows,
        int columns,
        int tokens,
        bool isTurned
    )
    {
        using var sum = Sum(terms, rows, columns, isTurned);
        var values = new float[rows * columns];
        sum.DequantRows(0, rows, values);
        var expected = Naive(terms, rows, columns, isTurned);
        for (var index = 0; index < values.Length; index++)
        {
            Assert.Equal(expected[index], values[index], 2 * Tolerance.F32Sum(4));
        }

        var some = new float[tokens > rows ? columns : rows / 2 * columns];
        sum.DequantRows(rows - some.Length / columns, some.Length / columns, some);
        Assert.Equal(values[^some.Length..], some);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_with_it_are_those_with_its_rows(
        string terms,
        int rows,
        int columns,
        int tokens,
        bool isTurned
    )
    {
        using var sum = Sum(terms, rows, columns, isTurned);
        var weight = Naive(terms, rows, columns, isTurned);
        var x = TestNumbers.Uniform(tokens * columns, 8);
        var dy = TestNumbers.Uniform(tokens * rows, 9);
        var y = Multiply(sum, x, tokens, ActivationFormat.F32);
        using var outer = Buffer(dy);
        using var inner = Buffer(x);
        sum.MultiplyTransposed(
            new FloatRows(outer.Span, tokens, rows),
            new FloatRows(inner.Span, tokens, columns),
            _pool
        );
        for (var token = 0; token < tokens; token++)
        {
            for (var row = 0; row < rows; row++)
            {
                var product = Enumerable
                    .Range(0, columns)
                    .Sum(column => weight[row * columns + column] * x[token * columns + column]);
                Assert.Equal(product, y[token * rows + row], Bound(columns));
            }

            for (var column = 0; column < columns; column++)
            {
                var product = Enumerable
                    .Range(0, rows)
                    .Sum(row => weight[row * columns + column] * dy[token * rows + row]);
                // It accumulates onto what was there.
                Assert.Equal(
                    x[token * columns + column] + product,
                    inner.Span[token * columns + column],
                    Bound(rows)
                );
            }
        }
    }

    // Each term multiplies in its own format: with int8 activations too.
    [Theory]
    [InlineData(ActivationFormat.F32)]
    [InlineData(ActivationFormat.Int8)]
    public void Its_product_has_the_bits_of_its_terms_products(ActivationFormat activations)
    {
        const int Rows = 50;
        const int Columns = 64;
        const int Tokens = 3;
        using var sum = Sum("q4_0 q8_0", Rows, Columns, isTurned: true);
        using var first = Term("q4_0", 0, Rows, Columns);
        using var second = Term("q8_0", 1, Rows, Columns);
        var x = TestNumbers.Uniform(Tokens * Columns, 4);
        using var plain = Buffer(x);
        using var turned = new NativeBuffer<float>(x.Length);
        new ScaledReversal(Columns).Forward(
            new FloatRows(plain.Span, Tokens, Columns),
            new FloatRows(turned.Span, Tokens, Columns),
            _pool
        );
        var input = turned.Span.Span.ToArray();
        var expected = Multiply(first, input, Tokens, activations)
            .Zip(Multiply(second, input, Tokens, activations), (left, right) => left + right)
            .ToArray();
        Assert.Equal(expected, Multiply(sum, x, Tokens, activations));
        Assert.NotEqual(
            Multiply(sum, x, Tokens, ActivationFormat.Int8),
            Multiply(sum, x, Tokens, ActivationFormat.F32)
        );
    }

    [Fact]
    public void Sums_of_sums_behind_transforms_are_sums()
    {
        const int Rows = 20;
        const int Columns = 32;
        var inner = Sum("q8_0 f32", Rows, Columns, isTurned: true);
        using var outer = new SumWeight(
            [inner, Term("f32", 5, Rows, Columns)],
            new ScaledReversal(Columns)
        );
        var x = TestNumbers.Uniform(2 * Columns, 4);
        var y = Multiply(outer, x, 2, ActivationFormat.F32);
        var values = new float[Rows * Columns];
        outer.DequantRows(0, Rows, values);
        for (var row = 0; row < 2 * Rows; row++)
        {
            var product = Enumerable
                .Range(0, Columns)
                .Sum(column =>
                    (double)values[row % Rows * Columns + column] * x[row / Rows * Columns + column]
                );
            Assert.Equal(product, y[row], 4 * Bound(Columns));
        }
    }

    [Fact]
    public void It_allocates_nothing_once_it_has_grown_and_holds_the_bytes_of_its_terms()
    {
        const int Rows = 40;
        const int Columns = 64;
        using var sum = Sum("q4_0 f32", Rows, Columns, isTurned: true);
        using var first = Term("q4_0", 0, Rows, Columns);
        using var second = Term("f32", 1, Rows, Columns);
        using var values = Buffer(TestNumbers.Uniform(6 * Columns, 1));
        using var y = new NativeBuffer<float>(6 * Rows);
        using var x = new ActivationRows(6, Columns, ActivationFormat.Int8);
        x.Load(new FloatRows(values.Span, 6, Columns));
        sum.Multiply(x, new FloatRows(y.Span, 6, Rows), _pool);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var repeat = 0; repeat < 5; repeat++)
        {
            sum.Multiply(x, new FloatRows(y.Span, 6, Rows), _pool);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(first.Bytes + second.Bytes, sum.Bytes);
        x.Load(new FloatRows(values.Span, 0, Columns));
        sum.Multiply(x, new FloatRows(y.Span, 0, Rows), _pool);
    }

    [Fact]
    public void No_term_and_terms_of_two_shapes_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new SumWeight([]));
        using var one = Term("f32", 1, 3, 32);
        using var other = Term("f32", 1, 4, 32);
        var error = Assert.Throws<ArgumentException>(() => new SumWeight([one, other]));
        Assert.Contains("3 x 32 has a term of 4 x 32", error.Message, StringComparison.Ordinal);
    }

    // The magnitudes of terms, factors and inputs stay below 1, 2 and 1; there are at most three terms.
    private static double Bound(int length) => 6 * length * Tolerance.F32Sum(length + 4);

    private static NativeBuffer<float> Buffer(float[] values)
    {
        var buffer = new NativeBuffer<float>(values.Length);
        values.CopyTo(buffer.Span.Span);
        return buffer;
    }

    private float[] Multiply(PackedMatrix matrix, float[] x, int tokens, ActivationFormat format)
    {
        using var values = Buffer(x);
        using var rows = new ActivationRows(tokens, matrix.Columns, format);
        using var y = new NativeBuffer<float>((long)tokens * matrix.Rows);
        rows.Load(new FloatRows(values.Span, tokens, matrix.Columns));
        matrix.Multiply(rows, new FloatRows(y.Span, tokens, matrix.Rows), _pool);
        return y.Span.Span.ToArray();
    }

    private SumWeight Sum(string terms, int rows, int columns, bool isTurned) =>
        new(
            [.. terms.Split(' ').Select((term, index) => Term(term, index, rows, columns))],
            isTurned ? new ScaledReversal(columns) : null
        );

    private PackedMatrix Term(string format, int index, int rows, int columns)
    {
        var weight = WeightFormats.Find(format)!;
        using var data = new NativeBuffer<byte>(rows * weight.RowBytes(columns));
        weight.FillRandom((ulong)index, data.Span.Span, deviation: 0.2f);
        return weight.Pack(new StoredMatrix(data.Span, rows, columns, []), _pool);
    }

    private double[] Naive(string terms, int rows, int columns, bool isTurned)
    {
        var sum = new double[rows * columns];
        foreach (var (term, index) in terms.Split(' ').Select((term, index) => (term, index)))
        {
            using var matrix = Term(term, index, rows, columns);
            var values = new float[rows * columns];
            matrix.DequantRows(0, rows, values);
            for (var element = 0; element < values.Length; element++)
            {
                // (W T)[m, k] = W[m, K - 1 - k] s[K - 1 - k].
                var column = element % columns;
                var from = isTurned ? columns - 1 - column : column;
                var factor = isTurned ? 1 + (double)from / columns : 1;
                sum[element] += factor * values[element - column + from];
            }
        }

        return sum;
    }
}

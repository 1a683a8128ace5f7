using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised.Codecs;
using Puna.Kernels.Tests.Matrices;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Formats;

public sealed class WeightFormatTests
{
    private const int Rows = 37;
    private const int Columns = 3 * 256;
    private const int Tokens = 5;

    public static TheoryData<WeightFormat> Table => [.. WeightFormats.All];

    [Fact]
    public void Ids_and_numbers_name_one_format_each()
    {
        var formats = WeightFormats.All;
        Assert.Distinct(formats.Select(format => format.Id));
        Assert.Distinct(formats.Select(format => format.GgufType));
        Assert.Distinct(formats.Select(format => format.GgufFileType));
        Assert.All(
            formats,
            format =>
            {
                Assert.Equal(format.Name, format.ToString());
                Assert.Same(format, WeightFormats.Find(format.Id));
                Assert.Same(format, WeightFormats.Find(format.Name));
                Assert.Same(format, WeightFormats.FindGguf(format.GgufType!.Value));
            }
        );
        Assert.Null(WeightFormats.Find("q9_k"));
        Assert.Null(WeightFormats.FindGguf(4));
    }

    // The figures of GGUF's own table (ggml's type traits), written down a second time.
    [Theory]
    [InlineData("f32", 1, 4, 0, 0)]
    [InlineData("f16", 1, 2, 1, 1)]
    [InlineData("q4_0", 32, 18, 2, 2)]
    [InlineData("q4_1", 32, 20, 3, 3)]
    [InlineData("q5_0", 32, 22, 6, 8)]
    [InlineData("q5_1", 32, 24, 7, 9)]
    [InlineData("q8_0", 32, 34, 8, 7)]
    [InlineData("q2_k", 256, 84, 10, 10)]
    [InlineData("q3_k", 256, 110, 11, 11)]
    [InlineData("q4_k", 256, 144, 12, 14)]
    [InlineData("q5_k", 256, 176, 13, 16)]
    [InlineData("q6_k", 256, 210, 14, 18)]
    [InlineData("iq4_nl", 32, 18, 20, 25)]
    [InlineData("iq4_xs", 256, 136, 23, 30)]
    [InlineData("bf16", 1, 2, 30, 32)]
    [InlineData("tq1_0", 256, 54, 34, 36)]
    [InlineData("tq2_0", 256, 66, 35, 37)]
    [InlineData("mxfp4", 32, 17, 39, 38)]
    public void Sizes_and_numbers_are_those_of_gguf(
        string id,
        int size,
        int bytes,
        int type,
        int fileType
    )
    {
        var format = WeightFormats.Find(id)!;
        Assert.Equal((size, bytes), (format.BlockSize, format.BlockBytes));
        Assert.Equal(((uint)type, (uint)fileType), (format.GgufType, format.GgufFileType));
        Assert.Equal(size == 1, format.IsDense);
        Assert.Equal(8L * bytes, format.RowBytes(8 * size));
    }

    [Theory]
    [MemberData(nameof(Table))]
    public void Every_format_decodes_packs_and_multiplies(WeightFormat format)
    {
        var stored = new byte[Rows * format.RowBytes(Columns)];
        format.FillRandom(1, stored);
        var values = new float[Rows * Columns];
        format.DecodeRow(stored, values);
        Check(format, stored, values);
    }

    [Fact]
    public void A_foreign_format_packs_and_multiplies()
    {
        var format = new WeightFormat("Row_Bytes", new RowScaledBytes());
        Assert.Equal("row_bytes", format.Id);
        Assert.True(format.CanEncode);
        var given = TestNumbers.Uniform(Rows * Columns, 7);
        var stored = new byte[Rows * format.RowBytes(Columns)];
        format.EncodeRow(given, stored);
        Assert.True(format.HasOnlyFiniteScales(stored));
        var values = new float[given.Length];
        format.DecodeRow(stored, values);
        Assert.All(
            given.Zip(values),
            // Numbers of at most 1: half a step of the codes and the rounding of scale, code and product.
            pair =>
                Assert.Equal(
                    (double)pair.First,
                    pair.Second,
                    Tolerance.Int8Step + Tolerance.F32Sum(4)
                )
        );
        Check(format, stored, values);
        BitConverter.TryWriteBytes(stored.AsSpan(36 * 5), float.NaN);
        Assert.False(format.HasOnlyFiniteScales(stored));
    }

    [Fact]
    public void A_codec_that_does_not_decode_is_found_out()
    {
        var format = new WeightFormat("stub", new Stub());
        Assert.False(format.CanEncode);
        var stored = new byte[Rows * format.RowBytes(Columns)];
        var values = TestNumbers.Uniform(Rows * Columns, 7);
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Check(format, stored, values));
        Assert.Throws<NotSupportedException>(() => format.FillRandom(1, stored));
        Assert.Throws<NotSupportedException>(() => format.EncodeRow(values, stored));
    }

    [Fact]
    public void Random_rows_of_a_foreign_format_have_the_wanted_spread()
    {
        var format = new WeightFormat("row_bytes", new RowScaledBytes());
        var stored = new byte[format.RowBytes(64 * 256)];
        format.FillRandom(3, stored, 0.5f);
        var values = new float[64 * 256];
        format.DecodeRow(stored, values);
        var spread = Math.Sqrt(values.Average(value => (double)value * value));
        Assert.InRange(spread / 0.5, 1 / Tolerance.RandomSpread, Tolerance.RandomSpread);
    }

    [Fact]
    public void Sizes_that_do_not_belong_together_are_refused()
    {
        var format = new WeightFormat("row_bytes", new RowScaledBytes());
        using var pool = new WorkerPool(1);
        using var source = new NativeBuffer<byte>(3 * 36);
        Assert.Throws<ArgumentException>(() => format.RowBytes(33));
        Assert.Throws<ArgumentException>(() =>
            format.Pack(new StoredMatrix(source.Span, 4, 32), pool)
        );
        Assert.Throws<ArgumentException>(() => new StoredMatrix(source.Span, 3, 32, [0, 1, 3]));
        Assert.Throws<ArgumentException>(() => new WeightFormat(" ", new RowScaledBytes()));
    }

    /// <summary>Rows in an order of their own, both products against f64.</summary>
    private static void Check(WeightFormat format, byte[] stored, float[] decoded)
    {
        var order = TestNumbers.Permutation(Rows, 2);
        float[] values =
        [
            .. order.SelectMany(row => decoded[(row * Columns)..((row + 1) * Columns)]),
        ];
        using var pool = new WorkerPool(2);
        using var source = new GuardedBuffer<byte>(stored);
        using var matrix = format.Pack(new StoredMatrix(source.Span, Rows, Columns, order), pool);
        Assert.True(matrix.Bytes >= stored.Length);
        var rows = new float[Rows * Columns];
        matrix.DequantRows(0, Rows, rows);
        Assert.Equal(values, rows);

        var x = TestNumbers.Uniform(Tokens * Columns, 3);
        var (product, size) = NaiveProduct.Forward(x, values, Tokens, Rows, Columns);
        Close(product, size, DenseMatrices.Multiply(matrix, x, Tokens, pool), Columns);

        var dy = TestNumbers.Uniform(Tokens * Rows, 4);
        using var from = new GuardedBuffer<float>(dy);
        using var to = new GuardedBuffer<float>(new float[Tokens * Columns]);
        matrix.MultiplyTransposed(
            new FloatRows(from.Span, Tokens, Rows),
            new FloatRows(to.Span, Tokens, Columns),
            pool
        );
        var (backward, backwardSize) = NaiveProduct.Transposed(
            dy,
            values,
            new float[Tokens * Columns],
            Tokens,
            Rows,
            Columns
        );
        Close(backward, backwardSize, to.ToArray(), Rows + 1);
    }

    private static void Close(double[] expected, double[] magnitudes, float[] actual, int terms)
    {
        for (var index = 0; index < expected.Length; index++)
        {
            var limit = magnitudes[index] * Tolerance.F32Sum(terms);
            Assert.Equal(expected[index], actual[index], limit);
        }
    }

    private sealed class Stub : IRowCodec
    {
        public int BlockSize => 32;

        public int BlockBytes => 36;

        public void Decode(ReadOnlySpan<byte> row, Span<float> values) { }
    }
}

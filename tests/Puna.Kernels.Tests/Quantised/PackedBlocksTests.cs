using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Tests.Quantised.Codecs;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Quantised;

public sealed unsafe class PackedBlocksTests
{
    public static TheoryData<WeightFormat> Formats => BlockMatrix.Formats;

    public static TheoryData<string> Recorded => GgufTypeFiles.Blocks;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Rows_decode_bit_for_bit_as_the_codec_decodes_them(WeightFormat format)
    {
        foreach (var rows in new[] { 1, 15, 16, 17, 35 })
        {
            using var matrix = BlockMatrix.Random(format, rows, 2 * 256, (ulong)rows);
            CheckRows(matrix, 0, rows);
            CheckRows(matrix, rows - 1, 1);
            CheckRows(matrix, rows / 3, rows / 2);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Rows_of_an_odd_number_of_blocks_decode_too(WeightFormat format)
    {
        using var matrix = BlockMatrix.Random(format, 18, 11 * format.BlockSize, 4);
        CheckRows(matrix, 0, 18);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Blocks_of_any_bytes_decode_as_the_codec_decodes_them(WeightFormat format)
    {
        // All codes and sub-scales, also those that no encoder writes; only the scales are made finite.
        const int Rows = 21;
        const int Columns = 3 * 256;
        var stored = new byte[Rows * format.RowBytes(Columns)];
        format.FillRandom(1, stored);
        var noise = new byte[stored.Length];
        new Random(5).NextBytes(noise);
        foreach (var position in CodeBytes(format, stored.Length))
        {
            stored[position] = noise[position];
        }

        using var matrix = new BlockMatrix(format, stored, Columns);
        CheckRows(matrix, 0, Rows);
        var x = TestNumbers.Uniform(3 * Columns, 9);
        Int8ProductTests.Check(matrix, x, 3);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_width_decodes_the_same_panel(WeightFormat format)
    {
        using var matrix = BlockMatrix.Random(format, 16, 5 * format.BlockSize, 8);
        using var panel = new NativeBuffer<float>(256 * 16);
        foreach (var width in new[] { 4, 8, 16 })
        {
            panel.Span.Span.Clear();
            var columns = Math.Min(256, matrix.Columns);
            matrix.Packed.DecodePanel(0, 0, columns, width, panel.Span.Pointer);
            for (var k = 0; k < columns; k++)
            {
                for (var row = 0; row < 16; row++)
                {
                    AssertSameBits(
                        matrix.Values[row * matrix.Columns + k],
                        panel.Span[k * 16 + row]
                    );
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Rows_are_packed_in_the_order_that_was_asked_for(WeightFormat format)
    {
        const int Rows = 37;
        var stored = new byte[Rows * format.RowBytes(256)];
        format.FillRandom(2, stored);
        using var matrix = new BlockMatrix(format, stored, 256, TestNumbers.Permutation(Rows, 3));
        CheckRows(matrix, 0, Rows);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_bytes_are_those_of_the_file_and_the_padding(WeightFormat format)
    {
        foreach (var rows in new[] { 16, 32, 33 })
        {
            using var matrix = BlockMatrix.Random(format, rows, 8 * 256, 2);
            var padded = (rows + 15) / 16 * 16;
            Assert.Equal(padded * format.RowBytes(8 * 256), matrix.Packed.Bytes);
        }
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    [Trait("reference", "gguf-types")]
    public void Matrices_of_files_decode_as_recorded(string name)
    {
        var path = SharedData.Path("gguf-types", $"{name}.gguf");
        var (format, columns, stored) = RecordedMatrices.ReadGguf(path, "blk.0.ffn_down.weight");
        using var matrix = new BlockMatrix(format, stored, columns);
        CheckRows(matrix, 0, matrix.Rows);
        Int8ProductTests.Check(matrix, TestNumbers.Uniform(2 * columns, 1), 2);
    }

    [Fact]
    public void Rows_outside_the_matrix_and_short_destinations_are_refused()
    {
        using var matrix = BlockMatrix.Random(WeightFormats.Q4_1, 5, 32, 1);
        Assert.Throws<ArgumentException>(() => matrix.Packed.DequantRows(4, 2, new float[64]));
        Assert.Throws<ArgumentException>(() => matrix.Packed.DequantRows(-1, 1, new float[32]));
        Assert.Throws<ArgumentException>(() => matrix.Packed.DequantRows(0, 2, new float[63]));
    }

    [Fact]
    public void Sizes_that_do_not_belong_together_are_refused()
    {
        using var pool = new WorkerPool(1);
        using var source = new NativeBuffer<byte>(3 * 20);
        Assert.Throws<ArgumentException>(() =>
            WeightFormats.Q4_1.Pack(new StoredMatrix(source.Span, 4, 32), pool)
        );
        Assert.Throws<ArgumentException>(() =>
            WeightFormats.Q4_1.Pack(new StoredMatrix(source.Span, 3, 33), pool)
        );
        Assert.Throws<ArgumentException>(() =>
            WeightFormats.Q4_1.Pack(new StoredMatrix(source.Span, 3, 32, [0, 1, 3]), pool)
        );
    }

    private static void CheckRows(BlockMatrix matrix, int first, int count)
    {
        var rows = new float[count * matrix.Columns];
        matrix.Packed.DequantRows(first, count, rows);
        for (var index = 0; index < rows.Length; index++)
        {
            AssertSameBits(matrix.Values[first * matrix.Columns + index], rows[index]);
        }
    }

    private static void AssertSameBits(float expected, float actual)
    {
        if (BitConverter.SingleToInt32Bits(expected) != BitConverter.SingleToInt32Bits(actual))
        {
            Assert.Fail($"{actual:R} where the codec decodes {expected:R}");
        }
    }

    /// <summary>Positions of all bytes that are no f16 or power-of-two scale.</summary>
    private static IEnumerable<int> CodeBytes(WeightFormat format, int length)
    {
        var (first, count) = format.Id switch
        {
            "q4_1" or "q5_1" or "q4_k" or "q5_k" => (0, 4),
            "q2_k" => (80, 4),
            "q3_k" => (108, 2),
            "q6_k" => (208, 2),
            "tq1_0" => (52, 2),
            "tq2_0" => (64, 2),
            "mxfp4" => (0, 1),
            _ => (0, 2),
        };
        return Enumerable
            .Range(0, length)
            .Where(position =>
            {
                var inner = position % format.BlockBytes;
                return inner < first || inner >= first + count;
            });
    }
}

using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Kernels.Tests.Quantised.Codecs;

public sealed class DecodeTests
{
    public static TheoryData<string> Files => GgufTypeFiles.Readable;

    public static TheoryData<WeightFormat> Formats => [.. WeightFormats.All];

    [Theory]
    [MemberData(nameof(Files))]
    [Trait("reference", "gguf-types")]
    public void Recorded_rows_decode_to_exactly_the_recorded_values(string file)
    {
        var expected = SharedData.Path("gguf-types", "expected.safetensors");
        var path = SharedData.Path("gguf-types", file + ".gguf");
        foreach (
            var (tensor, record) in new[]
            {
                ("blk.0.ffn_down.weight", "ffn_down"),
                ("token_embd.weight", "embd"),
            }
        )
        {
            var values = RecordedMatrices.ReadSafetensors(expected, $"{file}.{record}");
            var (format, columns, rows) = RecordedMatrices.ReadGguf(path, tensor);
            var bytes = (int)format.RowBytes(columns) * (values.Length / columns);
            var decoded = new float[values.Length];
            format.DecodeRow(rows.AsSpan(0, bytes), decoded);
            Assert.Equal(values, decoded);
            Assert.True(format.HasOnlyFiniteScales(rows));
        }
    }

    [Fact]
    public void Every_format_is_in_some_recorded_file()
    {
        var found = new HashSet<WeightFormat>();
        foreach (var row in Files)
        {
            var path = SharedData.Path("gguf-types", row.Data + ".gguf");
            found.Add(RecordedMatrices.ReadGguf(path, "blk.0.ffn_down.weight").Format);
        }

        Assert.Equal(
            WeightFormats.All.Select(format => format.Id).Order(),
            found.Select(format => format.Id).Order()
        );
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Lengths_that_do_not_belong_together_are_refused(WeightFormat format)
    {
        var bytes = new byte[2 * format.BlockBytes];
        var values = new float[2 * format.BlockSize];
        Assert.Throws<ArgumentException>(() => format.DecodeRow(bytes.AsSpan(1), values));
        Assert.Throws<ArgumentException>(() => format.DecodeRow(bytes, values.AsSpan(1)));
        format.DecodeRow([], []);
    }
}

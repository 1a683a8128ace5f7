using System.Runtime.InteropServices;
using Puna.Kernels.Formats;
using Puna.Kernels.Randomness;
using Puna.Testing;

namespace Puna.Kernels.Tests.Quantised.Codecs;

public sealed class EncodeTests(ITestOutputHelper output)
{
    public static TheoryData<WeightFormat> Written =>
        [
            WeightFormats.F32,
            WeightFormats.F16,
            WeightFormats.BF16,
            WeightFormats.Q8_0,
            WeightFormats.Q4_0,
            WeightFormats.Q4_K,
            WeightFormats.Q6_K,
        ];

    public static TheoryData<WeightFormat> WrittenBlocks =>
        [WeightFormats.Q8_0, WeightFormats.Q4_0, WeightFormats.Q4_K, WeightFormats.Q6_K];

    /// <summary>The recorded types that can be written, by the ids of their formats.</summary>
    public static TheoryData<string> Recorded =>
        ReferenceCases.Rows(
            GgufTypeFiles.ReadableNames.Where(name => WeightFormats.Find(name)?.CanEncode == true)
        );

    /// <summary>Those of them that leave an encoder no choice.</summary>
    public static TheoryData<string> RecordedWithOneRule =>
        ReferenceCases.Rows(
            GgufTypeFiles.ReadableNames.Where(name => name is "f16" or "bf16" or "q8_0" or "q4_0")
        );

    [Fact]
    public void Exactly_seven_formats_can_be_written()
    {
        var written = WeightFormats
            .All.Where(format => format.CanEncode)
            .Select(format => format.Id)
            .Order();
        Assert.Equal(Written.Select(row => row.Data.Id).Order(), written);
        Assert.Throws<NotSupportedException>(() =>
            WeightFormats.Q4_1.EncodeRow(new float[32], new byte[20])
        );
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    [Trait("reference", "gguf-types")]
    public void A_recorded_matrix_loses_no_more_than_the_recorded_error(string id)
    {
        var original = ReadOriginal();
        using var record = ReferenceCases.Json("gguf-types", "expected.json");
        var recorded = record.RootElement.GetProperty(id).GetProperty("relative_error").GetDouble();
        var format = WeightFormats.Find(id)!;
        var decoded = RoundTrip(format, original);
        var ours = RelativeError(original, decoded);
        output.WriteLine($"{format}: ours {ours:G5}, recorded {recorded:G5}");
        Assert.InRange(ours, 0, recorded * Tolerance.EncoderError);
    }

    [Theory]
    [MemberData(nameof(RecordedWithOneRule))]
    [Trait("reference", "gguf-types")]
    public void Formats_with_one_rule_give_the_recorded_bytes(string id)
    {
        var original = ReadOriginal();
        var format = WeightFormats.Find(id)!;
        var (_, _, recorded) = RecordedMatrices.ReadGguf(
            SharedData.Path("gguf-types", format.Id + ".gguf"),
            "blk.0.ffn_down.weight"
        );
        var ours = new byte[recorded.Length];
        format.EncodeRow(original, ours);
        Assert.Equal(recorded, ours);
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void Zeros_stay_zeros(WeightFormat format) =>
        Assert.All(RoundTrip(format, new float[512]), value => Assert.Equal(0f, value));

    [Theory]
    [MemberData(nameof(WrittenBlocks))]
    public void Equal_values_are_kept(WeightFormat format)
    {
        foreach (var value in new[] { 1f, -1f, 0.02f, -0.02f })
        {
            var values = new float[256];
            values.AsSpan().Fill(value);

            Assert.All(
                RoundTrip(format, values),
                decoded => Assert.Equal(value, decoded, Math.Abs(value) * (float)Tolerance.SubScale)
            );
        }
    }

    [Theory]
    [MemberData(nameof(WrittenBlocks))]
    public void Any_input_gives_finite_scales_and_values(WeightFormat format)
    {
        var random = new PhiloxRandom(11);
        foreach (
            var special in new[]
            {
                float.MaxValue,
                -float.MaxValue,
                float.PositiveInfinity,
                float.NegativeInfinity,
                float.NaN,
                float.Epsilon,
                -float.Epsilon,
                1e-38f,
                1e-20f,
                6e-8f,
                1e9f,
                1e20f,
            }
        )
        {
            for (var filling = 0; filling < 3; filling++)
            {
                // One special value among zeros, among ordinary numbers, and nothing but it.
                var values = new float[256];
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = filling switch
                    {
                        0 => 0,
                        1 => (float)random.NextDouble() - 0.5f,
                        _ => special,
                    };
                }

                values[77] = special;
                var row = new byte[format.RowBytes(256)];
                format.EncodeRow(values, row);
                Assert.True(format.HasOnlyFiniteScales(row));
                var decoded = new float[256];
                format.DecodeRow(row, decoded);
                Assert.All(decoded, value => Assert.True(float.IsFinite(value)));
            }
        }
    }

    [Theory]
    [InlineData("q8_0", 127)]
    [InlineData("q4_0", 8)]
    [InlineData("q4_k", 15)]
    [InlineData("q6_k", 32)]
    public void Small_values_lose_only_what_f16_cannot_say(string id, int largestCode)
    {
        var format = WeightFormats.Find(id)!;
        // The scales of such rows are subnormal in f16: its step of 2^-24 is all the precision there is.
        var random = new PhiloxRandom(12);
        var large = new float[256];
        var small = new float[256];
        for (var i = 0; i < large.Length; i++)
        {
            large[i] = ((float)random.NextDouble() - 0.5f) * 2;
            small[i] = large[i] * 1e-4f;
        }

        var usual = RelativeError(large, RoundTrip(format, large));
        var error = RelativeError(small, RoundTrip(format, small));
        output.WriteLine($"{format}: {error:G4}, usually {usual:G4}");
        Assert.InRange(error, 0, usual + Tolerance.SubnormalScale(largestCode));
    }

    [Theory]
    [MemberData(nameof(WrittenBlocks))]
    public void A_huge_value_does_not_disturb_other_blocks(WeightFormat format)
    {
        var values = new float[512];
        values.AsSpan(256).Fill(0.5f);
        values[3] = 1e30f;
        var decoded = RoundTrip(format, values);
        Assert.All(
            decoded[256..],
            value => Assert.Equal(0.5f, value, 0.5f * (float)Tolerance.SubScale)
        );
        Assert.True(decoded[3] > 1e5f);
    }

    private static float[] ReadOriginal()
    {
        var (_, _, rows) = RecordedMatrices.ReadGguf(
            GgufTypeFiles.OriginalPath,
            "blk.0.ffn_down.weight"
        );
        return MemoryMarshal.Cast<byte, float>(rows).ToArray();
    }

    private static float[] RoundTrip(WeightFormat format, float[] values)
    {
        var row = new byte[format.RowBytes(values.Length)];
        format.EncodeRow(values, row);
        var decoded = new float[values.Length];
        format.DecodeRow(row, decoded);
        return decoded;
    }

    private static double RelativeError(float[] original, float[] decoded)
    {
        var (error, squares) = (0.0, 0.0);
        for (var i = 0; i < original.Length; i++)
        {
            var difference = (double)original[i] - decoded[i];
            error += difference * difference;
            squares += (double)original[i] * original[i];
        }

        return Math.Sqrt(error / squares);
    }
}

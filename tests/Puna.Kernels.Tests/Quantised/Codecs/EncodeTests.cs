using System.Runtime.InteropServices;
using Puna.Kernels.Formats;
using Puna.Kernels.Randomness;
using Puna.Testing;

namespace Puna.Kernels.Tests.Quantised.Codecs;

public sealed class EncodeTests(ITestOutputHelper output)
{
    public static TheoryData<WeightFormat> Written =>
        [WeightFormats.F32, WeightFormats.F16, WeightFormats.BF16, .. WrittenBlocks];

    public static TheoryData<WeightFormat> WrittenBlocks =>
        [
            WeightFormats.Q8_0,
            WeightFormats.Q4_0,
            WeightFormats.Q4_1,
            WeightFormats.Q5_0,
            WeightFormats.Q5_1,
            WeightFormats.IQ4_NL,
            WeightFormats.Q2_K,
            WeightFormats.Q3_K,
            WeightFormats.Q4_K,
            WeightFormats.Q5_K,
            WeightFormats.Q6_K,
        ];

    /// <summary>Formats whose blocks have one scale, so that a decoded block can be coded without loss again.</summary>
    public static TheoryData<WeightFormat> WrittenSmallBlocks =>
        [.. WrittenBlocks.Where(row => row.Data.BlockSize == 32)];

    /// <summary>The recorded types that can be written, by the ids of their formats.</summary>
    public static TheoryData<string> Recorded =>
        ReferenceCases.Rows(
            GgufTypeFiles.ReadableNames.Where(name => WeightFormats.Find(name)?.CanEncode == true)
        );

    /// <summary>Those of them that leave an encoder no choice.</summary>
    public static TheoryData<string> RecordedWithOneRule =>
        ReferenceCases.Rows(
            GgufTypeFiles.ReadableNames.Where(name => name is "f16" or "bf16" or "q8_0")
        );

    [Fact]
    public void The_rest_can_only_be_read()
    {
        var written = WeightFormats
            .All.Where(format => format.CanEncode)
            .Select(format => format.Id)
            .Order();
        Assert.Equal(Written.Select(row => row.Data.Id).Order(), written);
        Assert.Throws<NotSupportedException>(() =>
            WeightFormats.MXFP4.EncodeRow(new float[32], new byte[17])
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

    [Theory]
    [MemberData(nameof(WrittenSmallBlocks))]
    public void What_a_block_holds_is_coded_again_without_loss(WeightFormat format)
    {
        var numbers = TestNumbers.Uniform(32 * 64, 21);
        var held = RoundTrip(format, numbers);
        var again = RoundTrip(format, held);
        Assert.InRange(RelativeError(held, again), 0, Tolerance.SubScale);
    }

    [Theory]
    [InlineData("q4_0", 8)]
    [InlineData("q5_0", 16)]
    public void A_searched_scale_beats_the_rule_of_the_largest_magnitude(string id, int levels)
    {
        var format = WeightFormats.Find(id)!;
        var numbers = TestNumbers.Uniform(32 * 64, 22);
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] *= numbers[i] * numbers[i];
        }

        var byRule = new float[numbers.Length];
        for (var start = 0; start < numbers.Length; start += 32)
        {
            var d = numbers.AsSpan(start, 32).ToArray().MaxBy(Math.Abs) / -levels;
            for (var i = start; i < start + 32; i++)
            {
                byRule[i] = d * Math.Clamp(MathF.Round(numbers[i] / d), -levels, levels - 1);
            }
        }

        Assert.InRange(
            RelativeError(numbers, RoundTrip(format, numbers)),
            0,
            0.97 * RelativeError(numbers, byRule)
        );
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

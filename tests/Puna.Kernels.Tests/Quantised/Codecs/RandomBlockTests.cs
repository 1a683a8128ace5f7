using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Kernels.Tests.Quantised.Codecs;

public sealed class RandomBlockTests
{
    private const int Elements = 64 * 256;

    public static TheoryData<WeightFormat> Formats => [.. WeightFormats.All];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Random_blocks_are_valid_and_have_the_wanted_spread(WeightFormat format)
    {
        foreach (var deviation in new[] { 0.02f, 1f })
        {
            var values = Decode(format, Fill(format, 3, deviation));
            var mean = values.Average(v => (double)v);
            var spread = Math.Sqrt(values.Average(v => (double)v * v) - (mean * mean));
            var factor = format == WeightFormats.MXFP4 ? Math.Sqrt(2) : Tolerance.RandomSpread;
            Assert.InRange(spread / deviation, 1 / factor, factor);
            Assert.InRange(mean / deviation, -Tolerance.RandomMean, Tolerance.RandomMean);
            Assert.True(values.Distinct().Count() > 2);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_seed_decides_the_bytes(WeightFormat format)
    {
        Assert.Equal(Fill(format, 3), Fill(format, 3));
        Assert.NotEqual(Fill(format, 3), Fill(format, 4));
        Assert.True(format.HasOnlyFiniteScales(Fill(format, 3)));
    }

    [Fact]
    public void Random_ternary_blocks_have_no_fourth_value()
    {
        var random = new byte[WeightFormats.TQ2_0.RowBytes(Elements)];
        WeightFormats.TQ2_0.FillRandom(5, random, 1);
        foreach (var block in random.Chunk(WeightFormats.TQ2_0.BlockBytes))
        {
            Assert.All(Decode(WeightFormats.TQ2_0, block).Chunk(256), CheckTernary);
        }

        static void CheckTernary(float[] values) =>
            Assert.Equal(3, values.Select(Math.Abs).Distinct().Count() + 1);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_scale_that_is_no_number_is_found_wherever_it_is(WeightFormat format)
    {
        var rows = Fill(format, 6);
        var blocks = rows.Length / format.BlockBytes;
        foreach (var block in new[] { 0, 1, blocks / 2, blocks - 1 })
        {
            foreach (var (offset, bad) in BadScales(format))
            {
                var position = (block * format.BlockBytes) + offset;
                var kept = rows.AsSpan(position, bad.Length).ToArray();
                bad.CopyTo(rows, position);
                Assert.False(format.HasOnlyFiniteScales(rows));
                kept.CopyTo(rows, position);
                Assert.True(format.HasOnlyFiniteScales(rows));
            }
        }
    }

    [Fact]
    public void Every_exponent_that_is_called_finite_decodes_to_finite_values()
    {
        var block = new byte[17];
        Array.Fill(block, (byte)0x7F, 1, 16);
        for (var exponent = 0; exponent < 256; exponent++)
        {
            block[0] = (byte)exponent;
            var finite = Decode(WeightFormats.MXFP4, block).All(float.IsFinite);
            var called = WeightFormats.MXFP4.HasOnlyFiniteScales(block);
            Assert.Equal(finite && exponent < 255, called);
        }
    }

    private static IEnumerable<(int Offset, byte[] Bytes)> BadScales(WeightFormat format)
    {
        byte[][] bads = format.Id switch
        {
            "f32" =>
            [
                BitConverter.GetBytes(float.NaN),
                BitConverter.GetBytes(float.NegativeInfinity),
            ],
            "bf16" =>
            [
                [0x80, 0x7F],
                [0x80, 0xFF],
                [0xC1, 0x7F],
            ],
            "mxfp4" =>
            [
                [255],
            ],
            _ =>
            [
                [0x00, 0x7C],
                [0x00, 0xFC],
                [0x01, 0x7E],
            ],
        };
        int[] offsets = format.Id switch
        {
            "q4_1" or "q5_1" => [0, 2],
            "q4_k" or "q5_k" => [0, 2],
            "q2_k" => [80, 82],
            "q3_k" => [108],
            "q6_k" => [208],
            "tq1_0" => [52],
            "tq2_0" => [64],
            _ => [0],
        };
        return from offset in offsets from bad in bads select (offset, bad);
    }

    private static byte[] Fill(WeightFormat format, ulong seed, float deviation = 0.02f)
    {
        var rows = new byte[format.RowBytes(Elements)];
        format.FillRandom(seed, rows, deviation);
        return rows;
    }

    private static float[] Decode(WeightFormat format, byte[] rows)
    {
        var values = new float[rows.Length / format.BlockBytes * format.BlockSize];
        format.DecodeRow(rows, values);
        return values;
    }
}

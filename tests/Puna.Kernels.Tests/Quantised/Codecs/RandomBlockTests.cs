using Puna.Kernels.Formats;
using Puna.Kernels.Quantised.Codecs;
using Puna.Testing;

namespace Puna.Kernels.Tests.Quantised.Codecs;

public sealed class RandomBlockTests
{
    private const int Elements = 64 * 256;

    public static TheoryData<ElementFormat> Formats => [.. ElementFormats.All];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Random_blocks_are_valid_and_have_the_wanted_spread(ElementFormat format)
    {
        foreach (var deviation in new[] { 0.02f, 1f })
        {
            var values = Decode(format, Fill(format, 3, deviation));
            var mean = values.Average(v => (double)v);
            var spread = Math.Sqrt(values.Average(v => (double)v * v) - (mean * mean));
            var factor = format == ElementFormat.MXFP4 ? Math.Sqrt(2) : Tolerance.RandomSpread;
            Assert.InRange(spread / deviation, 1 / factor, factor);
            Assert.InRange(mean / deviation, -Tolerance.RandomMean, Tolerance.RandomMean);
            Assert.True(values.Distinct().Count() > 2);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_seed_decides_the_bytes(ElementFormat format)
    {
        Assert.Equal(Fill(format, 3), Fill(format, 3));
        Assert.NotEqual(Fill(format, 3), Fill(format, 4));
        Assert.True(BlockCodecs.HasOnlyFiniteScales(format, Fill(format, 3)));
    }

    [Fact]
    public void Random_ternary_blocks_have_no_fourth_value()
    {
        var random = new byte[ElementFormat.TQ2_0.RowBytes(Elements)];
        BlockCodecs.FillRandom(ElementFormat.TQ2_0, 5, random, 1);
        foreach (var block in random.Chunk(ElementFormat.TQ2_0.BlockBytes()))
        {
            Assert.All(Decode(ElementFormat.TQ2_0, block).Chunk(256), CheckTernary);
        }

        static void CheckTernary(float[] values) =>
            Assert.Equal(3, values.Select(Math.Abs).Distinct().Count() + 1);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_scale_that_is_no_number_is_found_wherever_it_is(ElementFormat format)
    {
        var rows = Fill(format, 6);
        var blocks = rows.Length / format.BlockBytes();
        foreach (var block in new[] { 0, 1, blocks / 2, blocks - 1 })
        {
            foreach (var (offset, bad) in BadScales(format))
            {
                var position = (block * format.BlockBytes()) + offset;
                var kept = rows.AsSpan(position, bad.Length).ToArray();
                bad.CopyTo(rows, position);
                Assert.False(BlockCodecs.HasOnlyFiniteScales(format, rows));
                kept.CopyTo(rows, position);
                Assert.True(BlockCodecs.HasOnlyFiniteScales(format, rows));
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
            var finite = Decode(ElementFormat.MXFP4, block).All(float.IsFinite);
            var called = BlockCodecs.HasOnlyFiniteScales(ElementFormat.MXFP4, block);
            Assert.Equal(finite && exponent < 255, called);
        }
    }

    private static IEnumerable<(int Offset, byte[] Bytes)> BadScales(ElementFormat format)
    {
        byte[][] bads = format switch
        {
            ElementFormat.F32 =>
            [
                BitConverter.GetBytes(float.NaN),
                BitConverter.GetBytes(float.NegativeInfinity),
            ],
            ElementFormat.BF16 =>
            [
                [0x80, 0x7F],
                [0x80, 0xFF],
                [0xC1, 0x7F],
            ],
            ElementFormat.MXFP4 =>
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
        int[] offsets = format switch
        {
            ElementFormat.Q4_1 or ElementFormat.Q5_1 => [0, 2],
            ElementFormat.Q4_K or ElementFormat.Q5_K => [0, 2],
            ElementFormat.Q2_K => [80, 82],
            ElementFormat.Q3_K => [108],
            ElementFormat.Q6_K => [208],
            ElementFormat.TQ1_0 => [52],
            ElementFormat.TQ2_0 => [64],
            _ => [0],
        };
        return from offset in offsets from bad in bads select (offset, bad);
    }

    private static byte[] Fill(ElementFormat format, ulong seed, float deviation = 0.02f)
    {
        var rows = new byte[format.RowBytes(Elements)];
        BlockCodecs.FillRandom(format, seed, rows, deviation);
        return rows;
    }

    private static float[] Decode(ElementFormat format, byte[] rows)
    {
        var values = new float[rows.Length / format.BlockBytes() * format.BlockSize()];
        BlockCodecs.DecodeRow(format, rows, values);
        return values;
    }
}

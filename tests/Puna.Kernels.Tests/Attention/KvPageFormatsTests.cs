using Puna.Kernels.Attention;
using Puna.Kernels.Memory;
using Puna.Testing;

namespace Puna.Kernels.Tests.Attention;

public sealed class KvPageFormatsTests
{
    private static readonly int[] s_headDims =
    [
        1,
        2,
        3,
        4,
        5,
        8,
        12,
        15,
        16,
        17,
        20,
        31,
        32,
        33,
        64,
        80,
        96,
        127,
        128,
        129,
        130,
        200,
        256,
    ];

    public static TheoryData<string> Formats => new(KvPageFormats.All.Select(format => format.Id));

    [Theory]
    [MemberData(nameof(Formats))]
    public void What_is_written_is_read_within_the_rounding_of_the_format(string id)
    {
        var format = KvPageFormats.Find(id)!;
        var random = new Random(1);
        foreach (var headDim in s_headDims)
        {
            using var keys = Page(format.KeyBytes(headDim));
            using var values = Page(format.ValueBytes(headDim));
            var rows = Enumerable.Range(0, 32).Select(_ => Row(random, headDim)).ToArray();
            for (var slot = 0; slot < 32; slot++)
            {
                PageSlots.WriteKey(format, headDim, keys.Span, slot, rows[slot]);
                PageSlots.WriteValue(format, headDim, values.Span, slot, rows[31 - slot]);
            }

            var readKeys = PageSlots.Keys(format, headDim, keys.Span);
            var readValues = PageSlots.Values(format, headDim, values.Span);
            for (var slot = 0; slot < 32; slot++)
            {
                AssertClose(format, rows[slot], readKeys[slot]);
                AssertClose(format, rows[31 - slot], readValues[slot]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Slots_written_together_or_one_by_one_give_the_same_bytes(string id)
    {
        var format = KvPageFormats.Find(id)!;
        var random = new Random(2);
        foreach (var headDim in s_headDims)
        {
            var stride = headDim + 3;
            using var rows = new NativeBuffer<float>(32 * stride);
            Row(random, 32 * stride).CopyTo(rows.Span.Span);
            foreach (
                var (write, bytes) in ((Writer, int)[])
                    [
                        (format.WriteKeys, format.KeyBytes(headDim)),
                        (format.WriteValues, format.ValueBytes(headDim)),
                    ]
            )
            {
                using var together = Page(bytes);
                using var single = Page(bytes);
                write(together.Span, headDim, 3, 29, rows.Span, stride);
                for (var slot = 31; slot >= 3; slot--)
                {
                    var row = rows.Span.Slice((slot - 3) * stride, headDim);
                    write(single.Span, headDim, slot, 1, row, headDim);
                }

                Assert.Equal(single.Span.Span.ToArray(), together.Span.Span.ToArray());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_copied_slot_reads_the_same_and_leaves_the_others_alone(string id)
    {
        var format = KvPageFormats.Find(id)!;
        var random = new Random(3);
        foreach (var headDim in s_headDims)
        {
            using var keys = Page(format.KeyBytes(headDim));
            using var values = Page(format.ValueBytes(headDim));
            using var toKeys = Page(format.KeyBytes(headDim));
            using var toValues = Page(format.ValueBytes(headDim));
            for (var slot = 0; slot < 32; slot++)
            {
                PageSlots.WriteKey(format, headDim, keys.Span, slot, Row(random, headDim));
                PageSlots.WriteValue(format, headDim, values.Span, slot, Row(random, headDim));
            }

            // A permutation of all slots and back gives the first bytes again.
            Copy(keys, values, toKeys, toValues, slot => slot * 13 % 32);
            Assert.Equal(
                Read(format, headDim, keys, values, 5),
                Read(format, headDim, toKeys, toValues, 65 % 32)
            );
            using var backKeys = Page(format.KeyBytes(headDim));
            using var backValues = Page(format.ValueBytes(headDim));
            Copy(toKeys, toValues, backKeys, backValues, slot => slot * 5 % 32);
            Assert.Equal(keys.Span.Span.ToArray(), backKeys.Span.Span.ToArray());
            Assert.Equal(values.Span.Span.ToArray(), backValues.Span.Span.ToArray());

            void Copy(
                NativeBuffer<byte> fromK,
                NativeBuffer<byte> fromV,
                NativeBuffer<byte> toK,
                NativeBuffer<byte> toV,
                Func<int, int> target
            )
            {
                for (var slot = 0; slot < 32; slot++)
                {
                    format.CopyKey(fromK.Span, slot, toK.Span, target(slot), headDim);
                    format.CopyValue(fromV.Span, slot, toV.Span, target(slot), headDim);
                }
            }
        }
    }

    [Fact]
    public void F16_rounds_as_the_runtime_does_for_every_kind_of_number()
    {
        var numbers = HardNumbers(bits => (float)BitConverter.UInt16BitsToHalf(bits));
        var read = WriteAndRead(KvPageFormats.F16, numbers);
        for (var index = 0; index < numbers.Length; index++)
        {
            Assert.Equal((float)(Half)numbers[index], read[index]);
        }
    }

    [Fact]
    public void BF16_rounds_to_nearest_even_for_every_kind_of_number()
    {
        var numbers = HardNumbers(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));
        var read = WriteAndRead(KvPageFormats.BF16, numbers);
        for (var index = 0; index < numbers.Length; index++)
        {
            // The definition: of the two neighbours, the nearer; at the middle the one with the even code.
            var bits = BitConverter.SingleToUInt32Bits(numbers[index]);
            if (float.IsNaN(numbers[index]))
            {
                Assert.True(float.IsNaN(read[index]));
                continue;
            }

            var rest = bits & 0xFFFF;
            var up = rest > 0x8000 || (rest == 0x8000 && (bits >> 16 & 1) == 1);
            var expected = (bits >> 16) + (up ? 1u : 0u);
            Assert.Equal(expected << 16, BitConverter.SingleToUInt32Bits(read[index]));
        }
    }

    [Fact]
    public void An_int8_slot_keeps_its_largest_number_and_zero_exactly()
    {
        foreach (var scale in (float[])[1, 1e-30f, 1e30f, 3e-37f, 0])
        {
            var row = new float[64];
            row[7] = -127 * scale;
            row[9] = 64 * scale;
            var read = WriteAndRead(KvPageFormats.Int8, row);
            Assert.Equal(0, read[0]);
            Assert.Equal(row[7], read[7], Math.Abs(row[7]) * 2 * Tolerance.F32Unit);
            Assert.Equal(row[9], read[9], Math.Abs(row[7]) * 2 * Tolerance.F32Unit);
        }

        Assert.All(WriteAndRead(KvPageFormats.Int8, new float[40].Select(_ => 1e-40f)), Zero);
        static void Zero(float x) => Assert.Equal(0, x);
    }

    [Fact]
    public void Sizes_are_as_documented_and_wrong_slots_are_refused()
    {
        Assert.Equal(32 * 20 * 4, KvPageFormats.F32.KeyBytes(20));
        Assert.Equal(32 * 20 * 2, KvPageFormats.BF16.ValueBytes(20));
        Assert.Equal(32 * (20 + 4), KvPageFormats.Int8.KeyBytes(17));
        Assert.Equal(32 * (17 + 4), KvPageFormats.Int8.ValueBytes(17));
        using var page = Page(KvPageFormats.F32.KeyBytes(4));
        Assert.ThrowsAny<ArgumentException>(() => Write(32, 4));
        Assert.ThrowsAny<ArgumentException>(() => Write(-1, 4));
        Assert.ThrowsAny<ArgumentException>(() => Write(0, 3));
        Assert.ThrowsAny<ArgumentException>(() => KvPageFormats.F32.KeyBytes(0));
        void Write(int slot, int width) =>
            PageSlots.WriteKey(KvPageFormats.F32, 4, page.Span, slot, new float[width]);
    }

    [Fact]
    public void A_page_tells_its_formats_and_an_id_finds_one()
    {
        KvPageFormat[] formats = [.. KvPageFormats.All, new NibblePageFormat()];
        Assert.Equal(["f32", "f16", "bf16", "int8", "nibble"], formats.Select(each => each.Id));
        foreach (var keys in formats)
        {
            foreach (var values in formats)
            {
                var page = new KvPageRef(default, default, keys, values, default, 1, 2, 3);
                Assert.Same(keys, page.KeyFormat);
                Assert.Same(values, page.ValueFormat);
            }
        }

        Assert.All(KvPageFormats.All, each => Assert.Same(each, KvPageFormats.Find(each.Id)));
        Assert.Null(KvPageFormats.Find("F32"));
        Assert.Null(KvPageFormats.Find("nibble"));
        Assert.Same(KvPageFormats.F32, default(KvPageRef).KeyFormat);
    }

    private delegate void Writer(
        NativeSpan<byte> page,
        int headDim,
        int firstSlot,
        int count,
        NativeSpan<float> rows,
        long rowStride
    );

    private static NativeBuffer<byte> Page(int bytes)
    {
        var page = new NativeBuffer<byte>(bytes);
        page.Span.Span.Fill(0xFF);
        return page;
    }

    private static float[] Row(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 6 - 3))];

    private static float[] Read(
        KvPageFormat format,
        int headDim,
        NativeBuffer<byte> keys,
        NativeBuffer<byte> values,
        int slot
    )
    {
        var key = PageSlots.ReadKey(format, headDim, keys.Span, slot);
        return [.. key, .. PageSlots.ReadValue(format, headDim, values.Span, slot)];
    }

    private static float[] WriteAndRead(KvSlotFormat format, IEnumerable<float> numbers)
    {
        var row = numbers.ToArray();
        using var keys = Page(format.KeyBytes(row.Length));
        using var values = Page(format.ValueBytes(row.Length));
        PageSlots.WriteKey(format, row.Length, keys.Span, 9, row);
        PageSlots.WriteValue(format, row.Length, values.Span, 9, row);
        var both = Read(format, row.Length, keys, values, 9);
        Assert.Equal(both[..row.Length], both[row.Length..]);
        return both[..row.Length];
    }

    /// <summary>Every code of a 16-bit format, the middles between neighbours, and a hair to either side.</summary>
    private static float[] HardNumbers(Func<ushort, float> decode)
    {
        var numbers = new List<float>();
        for (var code = 0; code < 65536; code++)
        {
            var here = decode((ushort)code);
            var next = decode((ushort)Math.Min(code + 1, 65535));
            var middle = (float)(((double)here + next) / 2);
            numbers.AddRange(here, middle, MathF.BitIncrement(middle), MathF.BitDecrement(middle));
        }

        numbers.AddRange(float.MaxValue, float.Epsilon, 65519.99f, 65520f, -65520f, 1e-8f);
        return [.. numbers];
    }

    private static void AssertClose(KvPageFormat format, float[] expected, float[] actual)
    {
        var largest = expected.Max(MathF.Abs);
        for (var index = 0; index < expected.Length; index++)
        {
            var bound = format.Id switch
            {
                "f32" => 0,
                "f16" => Math.Max(
                    Tolerance.F16Unit * Math.Abs(expected[index]),
                    Tolerance.F16Subnormal
                ),
                "bf16" => Tolerance.BF16Unit * Math.Abs(expected[index]),
                _ => (Tolerance.Int8Step + 2 * Tolerance.F32Unit) * largest,
            };
            Assert.InRange(Math.Abs((double)actual[index] - expected[index]), 0, bound);
        }
    }
}

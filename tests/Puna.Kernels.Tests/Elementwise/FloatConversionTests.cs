using Puna.Kernels.Elementwise;
using Puna.Kernels.Tests.Lanes;

namespace Puna.Kernels.Tests.Elementwise;

/// <summary>Against the runtime's own scalar conversions.</summary>
public sealed unsafe class FloatConversionTests
{
    private static readonly ushort[] s_all =
    [
        .. Enumerable.Range(0, 1 << 16).Select(bits => (ushort)bits),
    ];

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void All_f16_patterns_widen_exactly(int width)
    {
        var values = Widen<FloatConversion.WidenF16>(width, s_all);
        for (var bits = 0; bits < s_all.Length; bits++)
        {
            var expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            AssertSameBits(expected, values[bits]);
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void All_bf16_patterns_widen_exactly(int width)
    {
        var values = Widen<FloatConversion.WidenBF16>(width, s_all);
        for (var bits = 0; bits < s_all.Length; bits++)
        {
            AssertSameBits(BitConverter.UInt32BitsToSingle((uint)bits << 16), values[bits]);
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Narrowing_to_f16_rounds_as_the_runtime_does(int width)
    {
        var values = AwkwardNumbers(10, 13);
        var narrow = Narrow<FloatConversion.NarrowF16>(width, values);
        for (var index = 0; index < values.Length; index++)
        {
            var expected = (Half)values[index];
            if (Half.IsNaN(expected))
            {
                Assert.True(Half.IsNaN(BitConverter.UInt16BitsToHalf(narrow[index])));
            }
            else
            {
                Assert.Equal(BitConverter.HalfToUInt16Bits(expected), narrow[index]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Narrowing_to_bf16_rounds_to_nearest_even(int width)
    {
        var values = AwkwardNumbers(7, 16);
        var narrow = Narrow<FloatConversion.NarrowBF16>(width, values);
        for (var index = 0; index < values.Length; index++)
        {
            var result = BitConverter.UInt32BitsToSingle((uint)narrow[index] << 16);
            if (float.IsNaN(values[index]))
            {
                Assert.True(float.IsNaN(result));
                continue;
            }

            Assert.Equal(NearestBF16(values[index]), narrow[index]);
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Every_length_touches_its_own_elements_only(int width)
    {
        for (var count = 0; count <= 70; count++)
        {
            var values = TestNumbers.Uniform(count, count);
            using var singles = new GuardedBuffer<float>(values);
            using var halves = new GuardedBuffer<ushort>(count);
            Widths.Run(
                width,
                new FloatConversion.NarrowJob<FloatConversion.NarrowF16>(
                    singles.Pointer,
                    halves.Pointer,
                    count
                )
            );
            Widths.Run(
                width,
                new FloatConversion.WidenJob<FloatConversion.WidenF16>(
                    halves.Pointer,
                    singles.Pointer,
                    count
                )
            );
            for (var index = 0; index < count; index++)
            {
                Assert.Equal((float)(Half)values[index], singles.Span[index]);
            }
        }
    }

    [Fact]
    public void The_public_forms_round_trip_and_refuse_a_short_destination()
    {
        float[] values = [1, -2.5f, 65504, 0];
        var bits = new ushort[4];
        var back = new float[4];
        FloatConversion.F32ToF16(values, bits);
        FloatConversion.F16ToF32(bits, back);
        Assert.Equal(values, back);
        values[2] = 65280;
        FloatConversion.F32ToBF16(values, bits);
        FloatConversion.BF16ToF32(bits, back);
        Assert.Equal(values, back);
        Assert.Throws<ArgumentException>(() => FloatConversion.F16ToF32(bits, new float[3]));
        Assert.Throws<ArgumentException>(() => FloatConversion.F32ToF16(values, new ushort[3]));
    }

    /// <summary>The neighbour at the smaller distance, computed in f64; the even one when both are as near.</summary>
    private static ushort NearestBF16(float value)
    {
        var lower = BitConverter.SingleToUInt32Bits(value) >> 16;
        var below = (double)BitConverter.UInt32BitsToSingle(lower << 16);
        var above =
            lower % 0x8000 == 0x7f7f
                // The step past the greatest number: what infinity stands for when distances are compared.
                ? Math.CopySign(Math.Pow(2, 128), value)
                : BitConverter.UInt32BitsToSingle((lower + 1) << 16);
        var toBelow = Math.Abs(value - below);
        var toAbove = Math.Abs(above - value);
        var up = toAbove < toBelow || (toAbove == toBelow && lower % 2 == 1);
        return (ushort)(float.IsInfinity(value) || !up ? lower : lower + 1);
    }

    /// <summary>Around every kept pattern: itself, half a step above, and the two f32 next to that; and random bits.</summary>
    private static float[] AwkwardNumbers(int mantissaBits, int droppedBits)
    {
        var values = new List<float>();
        var random = new Random(11);
        for (var exponent = 0u; exponent < 256; exponent++)
        {
            for (var round = 0; round < 8; round++)
            {
                var mantissa = (uint)random.Next(1 << mantissaBits) << droppedBits;
                if (round < 2)
                {
                    mantissa = round == 0 ? 0 : (uint)((1 << mantissaBits) - 1) << droppedBits;
                }

                foreach (var offset in (int[])[0, 1, -1])
                {
                    var tie = mantissa | (1u << (droppedBits - 1));
                    Add((exponent << 23) | mantissa);
                    Add((exponent << 23) | (uint)(tie + offset));
                }
            }
        }

        for (var round = 0; round < 20_000; round++)
        {
            Add((uint)random.NextInt64(1L << 32));
        }

        return [.. values];

        void Add(uint bits)
        {
            values.Add(BitConverter.UInt32BitsToSingle(bits));
            values.Add(BitConverter.UInt32BitsToSingle(bits ^ 0x80000000));
        }
    }

    private static void AssertSameBits(float expected, float actual)
    {
        if (float.IsNaN(expected))
        {
            Assert.True(float.IsNaN(actual));
        }
        else
        {
            Assert.Equal(
                BitConverter.SingleToUInt32Bits(expected),
                BitConverter.SingleToUInt32Bits(actual)
            );
        }
    }

    private static float[] Widen<TConversion>(int width, ushort[] source)
        where TConversion : struct, FloatConversion.IConversion
    {
        var result = new float[source.Length];
        fixed (ushort* from = source)
        fixed (float* to = result)
        {
            Widths.Run(width, new FloatConversion.WidenJob<TConversion>(from, to, source.Length));
        }

        return result;
    }

    private static ushort[] Narrow<TConversion>(int width, float[] source)
        where TConversion : struct, FloatConversion.IConversion
    {
        var result = new ushort[source.Length];
        fixed (float* from = source)
        fixed (ushort* to = result)
        {
            Widths.Run(width, new FloatConversion.NarrowJob<TConversion>(from, to, source.Length));
        }

        return result;
    }
}

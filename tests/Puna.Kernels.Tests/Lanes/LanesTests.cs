using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Tests.Lanes;

/// <summary>Every primitive of every width against the scalar definition, lane by lane and bit by bit.</summary>
public sealed unsafe class LanesTests
{
    private static readonly float[] s_values =
    [
        0f,
        -0f,
        1f,
        -1f,
        0.5f,
        1.5f,
        2.5f,
        -2.5f,
        1e-45f,
        -3e-39f,
        3.4e38f,
        float.PositiveInfinity,
        float.NegativeInfinity,
        float.NaN,
        12345.678f,
        -7e-8f,
    ];

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Arithmetic_equals_the_scalar_operators(int width)
    {
        Check(width, 0, (a, b) => a + b);
        Check(width, 1, (a, b) => a - b);
        Check(width, 2, (a, b) => a * b);
        Check(width, 3, (a, b) => a / b);
        Check(width, 4, (a, b) => a > b ? a : b);
        Check(width, 5, (a, b) => a < b ? a : b);
        Check(width, 6, (a, _) => MathF.Round(a));
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Bit_operations_equal_those_on_integers(int width)
    {
        CheckBits(width, 7, (a, b) => a & b);
        CheckBits(width, 8, (a, b) => a | b);
        CheckBits(width, 9, (a, b) => unchecked(a + b));
        CheckBits(width, 10, (a, b) => unchecked(a - b));
        CheckBits(width, 11, (a, _) => a << 13);
        CheckBits(width, 12, (a, _) => a >> 16);
        CheckBits(width, 13, (a, b) => (int)a < (int)b ? b : a);
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Fused_products_are_one_function_at_every_width(int width)
    {
        var scalar = new float[s_values.Length * s_values.Length];
        var vector = new float[scalar.Length];
        Apply(1, 14, scalar);
        Apply(width, 14, vector);
        Assert.Equal(scalar, vector);
        for (var index = 0; index < scalar.Length; index++)
        {
            var a = (double)s_values[index / s_values.Length];
            var b = (double)s_values[index % s_values.Length];
            var magnitude = Math.Abs(a * b) + Math.Abs(a);
            if (double.IsFinite(magnitude) && magnitude < float.MaxValue)
            {
                var tolerance = magnitude * Tolerance.F32Sum(2) + Tolerance.F32Subnormal;
                Assert.Equal(a * b + a, vector[index], tolerance);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Powers_of_two_scale_with_one_rounding(int width)
    {
        for (var exponent = -160; exponent <= 130; exponent++)
        {
            foreach (var value in (float[])[0.71f, 1f, 1.41f, -1.3f, float.NaN])
            {
                float result;
                Widths.Run(width, new PowerJob(value, exponent, &result));
                Assert.Equal((float)(value * Math.Pow(2, exponent)), result);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Reductions_see_every_lane(int width)
    {
        for (var lane = 0; lane < width; lane++)
        {
            float sum;
            float maximum;
            Widths.Run(width, new ReduceJob(lane, &sum, &maximum));
            Assert.Equal(3 + (width - 1) * 0.25f, sum);
            Assert.Equal(3, maximum);
        }
    }

    [Theory]
    [MemberData(nameof(Widths.All), MemberType = typeof(Widths))]
    public void Sixteen_bits_come_alone_into_the_low_half_and_leave_again(int width)
    {
        var patterns = Enumerable.Range(0, width).Select(i => (ushort)(0xff01 + i)).ToArray();
        using var source = new GuardedBuffer<ushort>(patterns);
        using var lanes = new GuardedBuffer<uint>(width);
        using var back = new GuardedBuffer<ushort>(width);
        using var integers = new GuardedBuffer<int>(width);
        Widths.Run(
            width,
            new Bits16Job(source.Pointer, lanes.Pointer, back.Pointer, integers.Pointer)
        );
        Assert.Equal(patterns.Select(bits => (uint)bits), lanes.ToArray());
        Assert.Equal(patterns, back.ToArray());
        Assert.Equal(patterns.Select(bits => (int)(short)bits), integers.ToArray());
    }

    private static void Check(int width, int operation, Func<float, float, float> expected)
    {
        var result = new float[s_values.Length * s_values.Length];
        Apply(width, operation, result);
        for (var index = 0; index < result.Length; index++)
        {
            var a = s_values[index / s_values.Length];
            var b = s_values[index % s_values.Length];
            Assert.Equal(expected(a, b), result[index]);
        }
    }

    private static void CheckBits(int width, int operation, Func<uint, uint, uint> expected)
    {
        var result = new float[s_values.Length * s_values.Length];
        Apply(width, operation, result);
        for (var index = 0; index < result.Length; index++)
        {
            var a = BitConverter.SingleToUInt32Bits(s_values[index / s_values.Length]);
            var b = BitConverter.SingleToUInt32Bits(s_values[index % s_values.Length]);
            Assert.Equal(expected(a, b), BitConverter.SingleToUInt32Bits(result[index]));
        }
    }

    private static void Apply(int width, int operation, float[] result)
    {
        fixed (float* values = s_values)
        fixed (float* to = result)
        {
            Widths.Run(width, new PairsJob(operation, values, s_values.Length, to));
        }
    }

    /// <summary>Applies one operation to all pairs of values.</summary>
    private readonly struct PairsJob(int operation, float* values, int count, float* result)
        : ILanesJob
    {
        private readonly float* _values = values;
        private readonly float* _result = result;

        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            for (var row = 0; row < count; row++)
            {
                var a = TLanes.Broadcast(_values[row]);
                for (var column = 0; column < count; column += TLanes.Width)
                {
                    var b = TLanes.Load(_values + column);
                    TLanes.Store(Apply(a, b), _result + row * count + column);
                }
            }
        }

        private TLanes Apply<TLanes>(TLanes a, TLanes b)
            where TLanes : unmanaged, ILanes<TLanes> =>
            operation switch
            {
                0 => a + b,
                1 => a - b,
                2 => a * b,
                3 => a / b,
                4 => TLanes.Max(a, b),
                5 => TLanes.Min(a, b),
                6 => TLanes.Round(a),
                7 => TLanes.And(a, b),
                8 => TLanes.Or(a, b),
                9 => TLanes.AddBits(a, b),
                10 => TLanes.SubtractBits(a, b),
                11 => TLanes.ShiftLeft(a, 13),
                12 => TLanes.ShiftRight(a, 16),
                13 => TLanes.SelectBitsLess(a, b, b, a),
                _ => TLanes.Fma(a, b, a),
            };
    }

    private readonly struct Bits16Job(ushort* source, uint* lanes, ushort* back, int* integers)
        : ILanesJob
    {
        private readonly ushort* _source = source;
        private readonly uint* _lanes = lanes;
        private readonly ushort* _back = back;
        private readonly int* _integers = integers;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var value = TLanes.LoadBits16(_source);
            TLanes.Store(value, (float*)_lanes);
            TLanes.StoreBits16(TLanes.Or(value, TLanes.BroadcastBits(0xabcd0000)), _back);
            TLanes.Store(TLanes.LoadSigned16((short*)_source), (float*)_integers);
        }
    }

    private readonly struct PowerJob(float value, float exponent, float* result) : ILanesJob
    {
        private readonly float* _result = result;

        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var power = TLanes.ScaleByPowerOfTwo(
                TLanes.Broadcast(value),
                TLanes.Broadcast(exponent)
            );
            PartialLanes.Store(power, _result, 1);
        }
    }

    /// <summary>Reduces a vector of 0.25 with a 3 in one lane.</summary>
    private readonly struct ReduceJob(int lane, float* sum, float* maximum) : ILanesJob
    {
        private readonly float* _sum = sum;
        private readonly float* _maximum = maximum;

        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var buffer = stackalloc float[TLanes.Width];
            TLanes.Store(TLanes.Broadcast(0.25f), buffer);
            buffer[lane] = 3;
            *_sum = TLanes.Sum(TLanes.Load(buffer));
            *_maximum = TLanes.Maximum(TLanes.Load(buffer));
        }
    }
}

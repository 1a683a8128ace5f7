using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Puna.Kernels.Attention;

/// <summary>
/// Rows of f32 to and from the 16- and 8-bit forms of a cache page. Written over 256-bit vectors, which the runtime
/// splits where the processor has narrower ones; the last elements of a row go one by one by the same rule.
/// </summary>
internal static unsafe class SlotCodec
{
    // 65536 and 2^-14: the first number too large for f16 and the smallest normal one.
    private const uint HalfOverflow = 0x4780_0000;
    private const uint HalfNormal = 0x3880_0000;

    // 0.5: its unit in the last place is 2^-24, the step of the subnormal halves, so adding it makes the processor
    // round a small number to that step.
    private const uint SubnormalMagic = 0x3F00_0000;

    /// <summary>f32 to IEEE half, to nearest even; too large becomes infinity, NaN stays NaN.</summary>
    public static void EncodeHalf(float* from, ushort* to, int count)
    {
        var index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var low = HalfBits(Vector256.Load(from + index));
            var high = HalfBits(Vector256.Load(from + index + 8));
            Vector256.Narrow(low, high).Store(to + index);
        }

        for (; index < count; index++)
        {
            to[index] = BitConverter.HalfToUInt16Bits((Half)from[index]);
        }
    }

    /// <summary>f32 to bf16, to nearest even; NaN stays NaN.</summary>
    public static void EncodeBrain(float* from, ushort* to, int count)
    {
        var index = 0;
        for (; index + 16 <= count; index += 16)
        {
            var low = BrainBits(Vector256.Load(from + index));
            var high = BrainBits(Vector256.Load(from + index + 8));
            Vector256.Narrow(low, high).Store(to + index);
        }

        for (; index < count; index++)
        {
            var bits = BitConverter.SingleToUInt32Bits(from[index]);
            to[index] = (ushort)(
                float.IsNaN(from[index])
                    ? (bits >> 16) | 0x40
                    : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
            );
        }
    }

    /// <summary>
    /// Step of the int8 code of a row: the largest magnitude / 127. Zero for a row whose magnitudes are all below
    /// 2^-119, of which the inverse step would overflow; NaN or infinite when the row holds such a number.
    /// </summary>
    public static float Int8Step(float* row, int count)
    {
        var largest = 0f;
        var index = 0;
        if (count >= 8)
        {
            var peak = Vector256<float>.Zero;
            for (; index + 8 <= count; index += 8)
            {
                peak = Vector256.Max(peak, Vector256.Abs(Vector256.Load(row + index)));
            }

            for (var lane = 0; lane < 8; lane++)
            {
                largest = MathF.Max(largest, peak[lane]);
            }
        }

        for (; index < count; index++)
        {
            largest = MathF.Max(largest, MathF.Abs(row[index]));
        }

        return largest < 1.5e-36f ? 0 : largest / 127;
    }

    /// <summary>Codes round(x / step), to nearest even, in [-127, 127].</summary>
    public static void EncodeInt8(float* from, sbyte* to, int count, float step)
    {
        if (step == 0 || !float.IsFinite(step))
        {
            Unsafe.InitBlockUnaligned(to, 0, (uint)count);
            return;
        }

        var inverse = 1 / step;
        var index = 0;
        var factor = Vector256.Create(inverse);
        for (; index + 32 <= count; index += 32)
        {
            var first = Vector256.Narrow(
                Codes(from + index, factor),
                Codes(from + index + 8, factor)
            );
            var second = Vector256.Narrow(
                Codes(from + index + 16, factor),
                Codes(from + index + 24, factor)
            );
            Vector256.Narrow(first, second).Store(to + index);
        }

        for (; index < count; index++)
        {
            to[index] = (sbyte)MathF.Round(from[index] * inverse);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Codes(float* from, Vector256<float> factor) =>
        Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(from) * factor));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> HalfBits(Vector256<float> value)
    {
        var bits = value.AsUInt32();
        var sign = bits & Vector256.Create(0x8000_0000u);
        var magnitude = bits ^ sign;

        // Rebias the exponent, add half a step less one and the last kept bit: round to nearest even.
        var odd = (magnitude >> 13) & Vector256.Create(1u);
        var normal =
            (magnitude + Vector256.Create(unchecked((uint)((15 - 127) << 23) + 0xFFF)) + odd) >> 13;
        var magic = Vector256.Create(SubnormalMagic);
        var subnormal = (magnitude.AsSingle() + magic.AsSingle()).AsUInt32() - magic;
        var special = Vector256.ConditionalSelect(
            Vector256.GreaterThan(magnitude, Vector256.Create(0x7F80_0000u)),
            Vector256.Create(0x7E00u),
            Vector256.Create(0x7C00u)
        );
        var result = Vector256.ConditionalSelect(
            Vector256.LessThan(magnitude, Vector256.Create(HalfNormal)),
            subnormal,
            normal
        );
        result = Vector256.ConditionalSelect(
            Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(HalfOverflow)),
            special,
            result
        );
        return result | (sign >> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> BrainBits(Vector256<float> value)
    {
        var bits = value.AsUInt32();
        var rounded =
            (bits + Vector256.Create(0x7FFFu) + ((bits >> 16) & Vector256.Create(1u))) >> 16;
        var quiet = (bits >> 16) | Vector256.Create(0x40u);
        return Vector256.ConditionalSelect(
            Vector256.Equals(value, value).AsUInt32(),
            rounded,
            quiet
        );
    }
}

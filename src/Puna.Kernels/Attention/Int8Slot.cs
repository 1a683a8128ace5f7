using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Puna.Kernels.Attention;

/// <summary>
/// The int8 code of one slot: x = step * code, step = max |x| / 127. Written over 256-bit vectors, which the runtime
/// splits where the processor has narrower ones; the last elements go one by one by the same rule.
/// </summary>
internal static unsafe class Int8Slot
{
    // Below it the inverse step would overflow; such a slot is stored as zeros.
    private const float Smallest = 1.5e-36f;

    /// <summary>The step of a row; 0 for a row of zeros, NaN or infinite when the row holds such a number.</summary>
    public static float Step(float* row, int count)
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

        return largest < Smallest ? 0 : largest / 127;
    }

    /// <summary>Codes round(x / step), to nearest even, in [-127, 127]; zeros for a step that is not a positive number.</summary>
    public static void Encode(float* from, sbyte* to, int count, float step)
    {
        if (step == 0 || !float.IsFinite(step))
        {
            Unsafe.InitBlockUnaligned(to, 0, (uint)count);
            return;
        }

        var inverse = 1 / step;
        var factor = Vector256.Create(inverse);
        var index = 0;
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
}

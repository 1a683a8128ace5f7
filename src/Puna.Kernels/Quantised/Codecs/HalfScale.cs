using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>The f16 scales of blocks.</summary>
internal static class HalfScale
{
    /// <summary>Largest finite f16.</summary>
    public const float Maximum = 65504;

    /// <summary>Smallest f16 with all its 11 bits of precision, 2^-14.</summary>
    public const float SmallestNormal = 6.103515625e-5f;

    /// <summary>Smallest positive f16, 2^-24.</summary>
    public const float Smallest = 5.9604644775390625e-8f;

    private const int ExponentMask = 0x7C00;

    /// <summary>Reads the scale at a byte offset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Read(ReadOnlySpan<byte> block, int offset) =>
        (float)BinaryPrimitives.ReadHalfLittleEndian(block.Slice(offset, 2));

    /// <summary>Writes a scale, limited to finite values (NaN becomes 0), and returns what was stored.</summary>
    public static float Write(Span<byte> block, int offset, float scale)
    {
        var stored = Limit(scale);
        BinaryPrimitives.WriteHalfLittleEndian(block.Slice(offset, 2), stored);
        return (float)stored;
    }

    /// <summary>What <see cref="Write"/> would store.</summary>
    public static float Round(float value) => (float)Limit(value);

    /// <summary>
    /// The unit of integer sub-scales as <see cref="Write"/> can store it: never 0 where it is wanted, for its multiples
    /// can make up for a unit that is too large, but not for one that is missing.
    /// </summary>
    public static float RoundUnit(float unit)
    {
        var stored = (float)Limit(unit);
        return stored == 0 && unit != 0 ? MathF.CopySign(Smallest, unit) : stored;
    }

    /// <summary>
    /// What values are multiplied with to get codes: by rule 1 / the exact scale, but 1 / the stored one where f16 has
    /// changed it by more than its usual rounding (a subnormal or limited scale), and 0 where it was stored as 0.
    /// </summary>
    public static float InverseForCodes(float exact, float stored)
    {
        if (stored == 0)
        {
            return 0;
        }

        var kept = MathF.Abs(exact) is >= SmallestNormal and <= Maximum;
        return 1 / (kept ? exact : stored);
    }

    /// <summary>True when the scale at a byte offset is finite: its exponent is not all ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsFinite(ReadOnlySpan<byte> block, int offset) =>
        (BinaryPrimitives.ReadUInt16LittleEndian(block.Slice(offset, 2)) & ExponentMask)
        != ExponentMask;

    private static Half Limit(float scale) =>
        (Half)(float.IsNaN(scale) ? 0 : Math.Clamp(scale, -Maximum, Maximum));
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Elementwise;

/// <summary>
/// 16-bit floats in the lanes of a vector, without the conversion instruction, which the runtime does not offer.
/// f16 is 1 + 5 + 10 bits with bias 15, bf16 1 + 8 + 7 with bias 127, f32 1 + 8 + 23 with bias 127.
/// </summary>
internal static unsafe class HalfBits
{
    private const uint SignMask = 0x8000;
    private const uint MagnitudeMask = 0x7fff;
    private const ushort Infinity = 0x7c00;
    private const uint F32Infinity = 0x7f800000;

    /// <summary>127 - 15, what an f16 exponent lacks, in the place of an f32 exponent.</summary>
    private const uint Rebias = 112u << 23;

    /// <summary>2^112: multiplying by it adds <see cref="Rebias"/>, and makes normal numbers of subnormal ones.</summary>
    private const float RebiasFactor = 5.192296858534828e33f;

    /// <summary>The greatest f32 below 65536, as bits: a rebiased magnitude above it was Inf or NaN.</summary>
    private const uint LargestFinite = 0x477F_FFFF;

    /// <summary>f16 patterns to f32, exactly; NaN keeps its payload.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes ToFloat<TLanes>(TLanes half)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var sign = TLanes.ShiftLeft(TLanes.And(half, TLanes.BroadcastBits(SignMask)), 16);
        var moved = TLanes.ShiftLeft(TLanes.And(half, TLanes.BroadcastBits(MagnitudeMask)), 13);
        var value = moved * TLanes.Broadcast(RebiasFactor);
        value = TLanes.SelectBitsLess(
            TLanes.BroadcastBits(LargestFinite),
            value,
            TLanes.Or(value, TLanes.BroadcastBits(F32Infinity)),
            value
        );
        return TLanes.Or(value, sign);
    }

    /// <summary>
    /// f16 patterns that are not Inf or NaN, loaded with a sign, to f32, exactly: the shift leaves the sign, three
    /// copies of it, which are cut out, and the magnitude, whose exponent the multiplication puts right.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes FiniteToFloat<TLanes>(TLanes half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.And(TLanes.ShiftLeft(half, 13), TLanes.BroadcastBits(0x8fff_e000))
        * TLanes.Broadcast(RebiasFactor);

    /// <summary>Whether all f16 patterns of a multiple of 16 are finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AllFinite(ushort* source, long count)
    {
        var largest = Vector256<ushort>.Zero;
        for (var end = source + count; source < end; source += Vector256<ushort>.Count)
        {
            var magnitude = Vector256.Load(source) & Vector256.Create((ushort)MagnitudeMask);
            largest = Vector256.Max(largest, magnitude);
        }

        return Vector256.LessThanAll(largest, Vector256.Create(Infinity));
    }

    /// <summary>bf16 patterns to f32, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes BrainToFloat<TLanes>(TLanes brain)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.ShiftLeft(brain, 16);

    /// <summary>f32 to f16 patterns, to nearest even; too large becomes Inf, NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes FromFloat<TLanes>(TLanes value)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var sign = TLanes.And(TLanes.ShiftRight(value, 16), TLanes.BroadcastBits(SignMask));
        var magnitude = TLanes.And(value, TLanes.BroadcastBits(0x7fffffff));

        // Adding just under half a step, and the last bit that stays, rounds ties to even when the rest is cut off.
        var odd = TLanes.And(TLanes.ShiftRight(magnitude, 13), TLanes.BroadcastBits(1));
        var rounded = TLanes.AddBits(
            TLanes.AddBits(magnitude, odd),
            TLanes.BroadcastBits(unchecked(0xfff - Rebias))
        );
        var normal = TLanes.ShiftRight(rounded, 13);

        // Below 2^-14 the step is 2^-24, which is that of f32 between 0.5 and 1: let the adder round.
        var half = TLanes.Broadcast(0.5f);
        var subnormal = TLanes.SubtractBits(magnitude + half, half);

        // From 2^16 on there is only Inf; 65520 and more round up to it by themselves.
        var infinity = TLanes.BroadcastBits(0x7c00);
        var notANumber = TLanes.BroadcastBits(0x7e00);
        var large = TLanes.SelectBitsLess(
            TLanes.BroadcastBits(F32Infinity),
            magnitude,
            notANumber,
            infinity
        );

        var result = TLanes.SelectBitsLess(
            magnitude,
            TLanes.BroadcastBits(Rebias + (1u << 23)),
            subnormal,
            TLanes.SelectBitsLess(
                magnitude,
                TLanes.BroadcastBits(Rebias + (31u << 23)),
                normal,
                large
            )
        );
        return TLanes.Or(result, sign);
    }

    /// <summary>f32 to bf16 patterns, to nearest even; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes BrainFromFloat<TLanes>(TLanes value)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var upper = TLanes.ShiftRight(value, 16);
        var odd = TLanes.And(upper, TLanes.BroadcastBits(1));
        var rounded = TLanes.ShiftRight(
            TLanes.AddBits(TLanes.AddBits(value, odd), TLanes.BroadcastBits(MagnitudeMask)),
            16
        );
        var magnitude = TLanes.And(value, TLanes.BroadcastBits(0x7fffffff));
        var notANumber = TLanes.Or(upper, TLanes.BroadcastBits(0x40));
        return TLanes.SelectBitsLess(
            TLanes.BroadcastBits(F32Infinity),
            magnitude,
            notANumber,
            rounded
        );
    }
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Puna.Kernels.Emitted;

namespace Puna.Kernels.Quantised.Layouts;

/// <summary>The 16-value tables of the formats whose codes are indices.</summary>
internal static unsafe class CodeTables
{
    /// <summary>IQ4_NL and IQ4_XS: signed values.</summary>
    public static byte* NonLinear
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Address(NonLinearValues);
    }

    /// <summary>MXFP4: the doubled E2M1 values 0, 1, 2, 3, 4, 6, 8, 12 and their negatives, plus 12.</summary>
    public static byte* FloatPlusTwelve
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Address(FloatPlusTwelveValues);
    }

    private static ReadOnlySpan<byte> NonLinearValues =>
        [
            unchecked((byte)-127),
            unchecked((byte)-104),
            unchecked((byte)-83),
            unchecked((byte)-65),
            unchecked((byte)-49),
            unchecked((byte)-35),
            unchecked((byte)-22),
            unchecked((byte)-10),
            1,
            13,
            25,
            38,
            53,
            69,
            89,
            113,
        ];

    private static ReadOnlySpan<byte> FloatPlusTwelveValues =>
        [12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0];

    // Constant bytes lie in the image of the program and do not move.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Address(ReadOnlySpan<byte> constant) =>
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(constant));
}

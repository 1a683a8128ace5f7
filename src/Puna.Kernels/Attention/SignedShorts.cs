using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>Loads of 16-bit patterns into the low half of lanes, the sign bit repeated in the upper half.</summary>
internal static unsafe class SignedShorts
{
    /// <summary>Neighbouring patterns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(short* from)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (TLanes.Width == 16)
        {
            var wide = Avx512F.IsSupported
                ? Avx512F.ConvertToVector512Int32(Vector256.Load(from))
                : Vector512.Create(Int256(from), Int256(from + 8));
            return Unsafe.BitCast<Vector512<float>, TLanes>(wide.AsSingle());
        }

        if (TLanes.Width == 8)
        {
            return Unsafe.BitCast<Vector256<float>, TLanes>(Int256(from).AsSingle());
        }

        if (TLanes.Width == 4)
        {
            return Unsafe.BitCast<Vector128<float>, TLanes>(Int128(from).AsSingle());
        }

        // Byte by byte, as in Lanes1.LoadBits16.
        var bytes = (byte*)from;
        return TLanes.BroadcastBits((uint)(bytes[0] | (sbyte)bytes[1] << 8));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Int256(short* from) =>
        Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(Vector128.Load(from))
            : Vector256.Create(Int128(from), Int128(from + 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Int128(short* from) =>
        Vector128.WidenLower(
            Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(from)).AsInt16()
        );
}

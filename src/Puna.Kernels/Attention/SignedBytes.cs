using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>Loads of signed bytes into f32 lanes, exact.</summary>
internal static unsafe class SignedBytes
{
    /// <summary>Neighbouring signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(sbyte* from)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (TLanes.Width == 16)
        {
            var wide = Avx512F.IsSupported
                ? Avx512F.ConvertToVector512Int32(Vector128.Load(from))
                : Vector512.Create(Int256(from), Int256(from + 8));
            return Unsafe.BitCast<Vector512<float>, TLanes>(Vector512.ConvertToSingle(wide));
        }

        if (TLanes.Width == 8)
        {
            return Unsafe.BitCast<Vector256<float>, TLanes>(
                Vector256.ConvertToSingle(Int256(from))
            );
        }

        if (TLanes.Width == 4)
        {
            return Unsafe.BitCast<Vector128<float>, TLanes>(
                Vector128.ConvertToSingle(Int128(from))
            );
        }

        return TLanes.Broadcast(*from);
    }

    /// <summary>Signed byte <paramref name="index"/> (0 is the lowest) of each of neighbouring 32-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes OfInt<TLanes>(int* from, int index)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var shift = 24 - 8 * index;
        if (TLanes.Width == 16)
        {
            var wide = (Vector512.Load(from) << shift) >> 24;
            return Unsafe.BitCast<Vector512<float>, TLanes>(Vector512.ConvertToSingle(wide));
        }

        if (TLanes.Width == 8)
        {
            var wide = (Vector256.Load(from) << shift) >> 24;
            return Unsafe.BitCast<Vector256<float>, TLanes>(Vector256.ConvertToSingle(wide));
        }

        if (TLanes.Width == 4)
        {
            var wide = (Vector128.Load(from) << shift) >> 24;
            return Unsafe.BitCast<Vector128<float>, TLanes>(Vector128.ConvertToSingle(wide));
        }

        return TLanes.Broadcast((*from << shift) >> 24);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Int256(sbyte* from) =>
        Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(from)
            : Vector256.Create(Int128(from), Int128(from + 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Int128(sbyte* from) =>
        Vector128.WidenLower(
            Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(int*)from).AsSByte())
        );
}

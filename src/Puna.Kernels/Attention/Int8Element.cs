using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>The codes of <see cref="KvPageFormats.Int8"/>; the caller multiplies by the steps of the slots.</summary>
internal readonly unsafe struct Int8Element : IKvElement
{
    public static int Bytes => sizeof(sbyte);

    public static float Unit => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Key<TLanes>(byte* page, int channel, int slot)
        where TLanes : unmanaged, ILanes<TLanes> =>
        SignedBytes.OfInt<TLanes>(
            (int*)page + (channel >> 2) * KvPageRef.Slots + slot,
            channel & 3
        );

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Value<TLanes>(byte* start)
        where TLanes : unmanaged, ILanes<TLanes> => SignedBytes.Load<TLanes>((sbyte*)start);
}

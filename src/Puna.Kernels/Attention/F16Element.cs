using System.Runtime.CompilerServices;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary><see cref="KvFormat.F16"/>.</summary>
internal readonly unsafe struct F16Element : IKvElement
{
    public static int Bytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Key<TLanes>(byte* page, int channel, int slot)
        where TLanes : unmanaged, ILanes<TLanes> =>
        HalfBits.ToFloat(TLanes.LoadBits16((ushort*)page + channel * KvPageRef.Slots + slot));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Value<TLanes>(byte* start)
        where TLanes : unmanaged, ILanes<TLanes> =>
        HalfBits.ToFloat(TLanes.LoadBits16((ushort*)start));
}

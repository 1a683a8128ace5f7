using System.Runtime.CompilerServices;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary><see cref="KvPageFormats.BF16"/>.</summary>
internal readonly unsafe struct BF16Element : IKvElement
{
    public static int Bytes => sizeof(ushort);

    public static float Unit => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Key<TLanes>(byte* page, int channel, int slot)
        where TLanes : unmanaged, ILanes<TLanes> =>
        HalfBits.BrainToFloat(TLanes.LoadBits16((ushort*)page + channel * KvPageRef.Slots + slot));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Value<TLanes>(byte* start)
        where TLanes : unmanaged, ILanes<TLanes> =>
        HalfBits.BrainToFloat(TLanes.LoadBits16((ushort*)start));
}

using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary><see cref="KvPageFormats.F32"/>, and pages of any format widened to f32.</summary>
internal readonly unsafe struct F32Element : IKvElement
{
    public static int Bytes => sizeof(float);

    public static float Unit => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Key<TLanes>(byte* page, int channel, int slot)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.Load((float*)page + channel * KvPageRef.Slots + slot);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Value<TLanes>(byte* start)
        where TLanes : unmanaged, ILanes<TLanes> => TLanes.Load((float*)start);
}

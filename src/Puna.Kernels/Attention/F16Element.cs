using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>
/// <see cref="KvPageFormats.F16"/>. With the sign at its place and exponent and mantissa 13 bits higher, the pattern of a
/// finite f16, subnormal or not, is that of the f32 2^112 times smaller. The infinities and NaN count as numbers of a
/// magnitude from 2^16 to 2^17.
/// </summary>
internal readonly unsafe struct F16Element : IKvElement
{
    private const uint Kept = 0x8fff_e000;

    public static int Bytes => sizeof(ushort);

    public static float Unit => 5.192296858534828e33f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Key<TLanes>(byte* page, int channel, int slot)
        where TLanes : unmanaged, ILanes<TLanes> =>
        Widen(SignedShorts.Load<TLanes>((short*)page + channel * KvPageRef.Slots + slot));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Value<TLanes>(byte* start)
        where TLanes : unmanaged, ILanes<TLanes> => Widen(SignedShorts.Load<TLanes>((short*)start));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Widen<TLanes>(TLanes half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.And(TLanes.ShiftLeft(half, 13), TLanes.BroadcastBits(Kept));
}

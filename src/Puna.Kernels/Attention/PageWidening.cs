using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>
/// A page's codes as f32, once for many query rows. Units and the steps of int8 slots are left out, as in the direct
/// loads, so that both ways give the same bits.
/// </summary>
internal static unsafe class PageWidening
{
    /// <summary>Keys to [d][32].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Keys<TLanes, TKey>(byte* page, byte* ahead, int headDim, float* to)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKey : struct, IKvElement
    {
        for (var channel = 0; channel < headDim; channel++)
        {
            CacheLines.Fetch(
                ahead + channel * KvPageRef.Slots * TKey.Bytes,
                KvPageRef.Slots * TKey.Bytes
            );
            for (var slot = 0; slot < KvPageRef.Slots; slot += TLanes.Width)
            {
                TLanes.Store(TKey.Key<TLanes>(page, channel, slot), to);
                to += TLanes.Width;
            }
        }
    }

    /// <summary>Values to [32][<paramref name="paddedDim"/>], zeros after the d channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Values<TLanes, TValue>(
        byte* page,
        byte* ahead,
        int headDim,
        int paddedDim,
        float* to
    )
        where TLanes : unmanaged, ILanes<TLanes>
        where TValue : struct, IKvElement
    {
        for (var slot = 0; slot < KvPageRef.Slots; slot++)
        {
            var channel = 0;
            for (; channel + TLanes.Width <= headDim; channel += TLanes.Width)
            {
                CacheLines.Fetch(ahead + channel * TValue.Bytes);
                TLanes.Store(TValue.Value<TLanes>(page + channel * TValue.Bytes), to + channel);
            }

            for (; channel < headDim; channel++)
            {
                Lanes1.Store(TValue.Value<Lanes1>(page + channel * TValue.Bytes), to + channel);
            }

            for (; channel < paddedDim; channel++)
            {
                to[channel] = 0;
            }

            page += headDim * TValue.Bytes;
            ahead += headDim * TValue.Bytes;
            to += paddedDim;
        }
    }
}

using System.Runtime.CompilerServices;

namespace Puna.Kernels.Lanes;

/// <summary>
/// The tail of a row, shorter than a vector: goes through a small buffer, so that nothing outside the row is touched
/// and the arithmetic is the same as inside the row.
/// </summary>
internal static unsafe class PartialLanes
{
    private const int MaximumWidth = 16;

    /// <summary>Reads <paramref name="count"/> floats; the other lanes hold <paramref name="filler"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static TLanes Load<TLanes>(float* source, int count, float filler = 0)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var buffer = stackalloc float[MaximumWidth];
        TLanes.Store(TLanes.Broadcast(filler), buffer);
        for (var index = 0; index < count; index++)
        {
            buffer[index] = source[index];
        }

        return TLanes.Load(buffer);
    }

    /// <summary>Writes the first <paramref name="count"/> lanes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Store<TLanes>(TLanes value, float* destination, int count)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var buffer = stackalloc float[MaximumWidth];
        TLanes.Store(value, buffer);
        for (var index = 0; index < count; index++)
        {
            destination[index] = buffer[index];
        }
    }

    /// <summary>Reads <paramref name="count"/> 16-bit patterns; the other lanes hold zero.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static TLanes LoadBits16<TLanes>(ushort* source, int count)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var buffer = stackalloc ushort[MaximumWidth];
        for (var index = 0; index < MaximumWidth; index++)
        {
            buffer[index] = index < count ? source[index] : (ushort)0;
        }

        return TLanes.LoadBits16(buffer);
    }

    /// <summary>Writes the low 16 bits of the first <paramref name="count"/> lanes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void StoreBits16<TLanes>(TLanes value, ushort* destination, int count)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var buffer = stackalloc ushort[MaximumWidth];
        TLanes.StoreBits16(value, buffer);
        for (var index = 0; index < count; index++)
        {
            destination[index] = buffer[index];
        }
    }
}

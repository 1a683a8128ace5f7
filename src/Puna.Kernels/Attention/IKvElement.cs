using Puna.Kernels.Lanes;

namespace Puna.Kernels.Attention;

/// <summary>How the elements of a page of one <see cref="KvPageFormat"/> become f32 lanes.</summary>
internal unsafe interface IKvElement
{
    /// <summary>Bytes of one element.</summary>
    static abstract int Bytes { get; }

    /// <summary>What the caller multiplies by, a power of two: the loads below give the numbers without it.</summary>
    static abstract float Unit { get; }

    /// <summary>Channel <paramref name="channel"/> of the keys of as many slots as there are lanes.</summary>
    static abstract TLanes Key<TLanes>(byte* page, int channel, int slot)
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>As many neighbouring channels of a value as there are lanes.</summary>
    static abstract TLanes Value<TLanes>(byte* start)
        where TLanes : unmanaged, ILanes<TLanes>;
}

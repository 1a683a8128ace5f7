using Puna.Kernels.Lanes;

namespace Puna.Kernels.Matrices;

/// <summary>How the elements of a dense matrix become f32. Implement it as an empty struct.</summary>
internal unsafe interface IDenseElement
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Size { get; }

    /// <summary>One element, exactly.</summary>
    static abstract float Read(byte* source);

    /// <summary>A vector of elements, exactly.</summary>
    static abstract TLanes Load<TLanes>(byte* source)
        where TLanes : unmanaged, ILanes<TLanes>;
}

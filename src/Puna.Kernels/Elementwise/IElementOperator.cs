using Puna.Kernels.Lanes;

namespace Puna.Kernels.Elementwise;

/// <summary>A function of two elements, written once for every width. Implement it as a struct.</summary>
internal interface IElementOperator
{
    /// <summary>The result for every lane.</summary>
    TLanes Apply<TLanes>(TLanes left, TLanes right)
        where TLanes : unmanaged, ILanes<TLanes>;
}

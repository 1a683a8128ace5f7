using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Matrices;

/// <summary>Weights as f32 panels: what <see cref="PanelProduct"/> multiplies. Implement it as a struct.</summary>
internal unsafe interface IPanelSource
{
    /// <summary>
    /// The panel [count, 16] of row group <paramref name="group"/>: element (k, r) at k * 16 + r is
    /// W[group * 16 + r, first + k], zero where the row is padding.
    /// </summary>
    /// <param name="group">Index of the group of <see cref="PackedMatrix.RowGroup"/> rows.</param>
    /// <param name="first">First column, a multiple of <see cref="PanelProduct.Depth"/>.</param>
    /// <param name="count">Columns, at most <see cref="PanelProduct.Depth"/>.</param>
    /// <param name="scratch">Room for <paramref name="count"/> * 16 floats, aligned to 64 bytes.</param>
    /// <returns><paramref name="scratch"/>, filled, or where the panel lies in memory already.</returns>
    float* Panel<TLanes>(int group, int first, int count, float* scratch)
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>
    /// The bytes that the same panel is made from, which are asked for ahead of time, if they lie in one piece; else
    /// none.
    /// </summary>
    NativeSpan<byte> Stored(int group, int first, int count);
}

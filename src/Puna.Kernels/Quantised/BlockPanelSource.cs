using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised.Layouts;

namespace Puna.Kernels.Quantised;

/// <summary>The f32 panels of a block format, decoded as they are used: the exact mode.</summary>
internal readonly unsafe struct BlockPanelSource<TLayout>(BlockStorage<TLayout> storage)
    : IPanelSource
    where TLayout : struct, IBlockLayout
{
    private readonly BlockStorage<TLayout> _storage = storage;

    /// <inheritdoc/>
    public float* Panel<TLanes>(int group, int first, int count, float* scratch)
        where TLanes : unmanaged, Puna.Kernels.Lanes.ILanes<TLanes>
    {
        _storage.Decode(group, first, count, TLanes.Width, scratch);
        return scratch;
    }

    /// <inheritdoc/>
    public NativeSpan<byte> Stored(int group, int first, int count) => default;
}

using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Matrices;

/// <summary>The panels of a <see cref="DensePackedMatrix{TElement}"/>: F32 lies in memory as a panel, the others are widened.</summary>
internal readonly unsafe struct DensePanelSource<TElement>(byte* weights, int columns)
    : IPanelSource
    where TElement : struct, IDenseElement
{
    private readonly byte* _weights = weights;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float* Panel<TLanes>(int group, int first, int count, float* scratch)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var source = Stored(group, first, count).Pointer;
        if (typeof(TElement) == typeof(DenseElements.F32))
        {
            return (float*)source;
        }

        for (var index = 0; index < count * PackedMatrix.RowGroup; index += TLanes.Width)
        {
            TLanes.Store(
                TElement.Load<TLanes>(source + (nint)index * TElement.Size),
                scratch + index
            );
        }

        return scratch;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NativeSpan<byte> Stored(int group, int first, int count) =>
        new(
            _weights + ((long)group * columns + first) * PackedMatrix.RowGroup * TElement.Size,
            count * PackedMatrix.RowGroup * TElement.Size
        );
}

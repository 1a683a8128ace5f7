using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;

namespace Puna.Kernels.Matrices;

/// <summary>The panels of any f32 matrix W [rows, columns], gathered as they are used.</summary>
internal readonly unsafe struct FloatPanelSource(FloatLayout weights, int rows) : IPanelSource
{
    private const int Group = PackedMatrix.RowGroup;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public float* Panel<TLanes>(int group, int first, int count, float* scratch)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var part = weights.Part(group * Group, first);
        var height = Math.Min(Group, rows - group * Group);
        if (height < Group)
        {
            new Span<float>(scratch, count * Group).Clear();
        }

        // A panel is the transpose of W; where W is stored transposed, the lines are copied.
        if (part.RowStride == 1)
        {
            FloatCopy.Rows<TLanes>(part.Origin, part.ColumnStride, count, height, scratch, Group);
        }
        else
        {
            FloatCopy.Transposed(part.Origin, part.RowStride, height, count, scratch, Group);
        }

        return scratch;
    }

    public NativeSpan<byte> Stored(int group, int first, int count) => default;
}

using System.Runtime.CompilerServices;
using Puna.Kernels.Emitted;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Matrices;

/// <summary>
/// y[m] = sum over k of x[k] * W[m, k] for one row of inputs, elements widened as they are loaded. The order of the
/// sums is that of <see cref="PanelProduct"/>, so the bits are too.
/// </summary>
internal readonly unsafe struct DenseGemv<TElement>(
    byte* weights,
    int rows,
    int columns,
    float* x,
    float* y
) : ILanesJob
    where TElement : struct, IDenseElement
{
    private const int Group = PackedMatrix.RowGroup;

    private readonly byte* _weights = weights;
    private readonly float* _x = x;
    private readonly float* _y = y;

    public void Execute<TLanes>(int part, int parts)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var groups = (rows + Group - 1) / Group;
        var vector = Dispatch.PartStart(groups, part, parts) * (Group / TLanes.Width);
        var end = Dispatch.PartStart(groups, part + 1, parts) * (Group / TLanes.Width);
        for (; vector + 4 <= end; vector += 4)
        {
            MultiplyFour<TLanes>(vector);
        }

        for (; vector < end; vector++)
        {
            MultiplyOne<TLanes>(vector);
        }
    }

    /// <summary>Four vectors of outputs at a time: four independent chains hide the latency of the multiply-add.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyFour<TLanes>(int vector)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var w0 = Address<TLanes>(vector);
        var w1 = Address<TLanes>(vector + 1);
        var w2 = Address<TLanes>(vector + 2);
        var w3 = Address<TLanes>(vector + 3);
        var zero = TLanes.Broadcast(0);
        TLanes y0 = zero,
            y1 = zero,
            y2 = zero,
            y3 = zero;
        for (var first = 0; first < columns; first += PanelProduct.Depth)
        {
            var last = Math.Min(columns, first + PanelProduct.Depth);
            TLanes a0 = zero,
                a1 = zero,
                a2 = zero,
                a3 = zero;
            for (var k = first; k < last; k++)
            {
                var offset = (nint)k * (Group * TElement.Size);
                var value = TLanes.Broadcast(_x[k]);
                a0 = TLanes.Fma(value, TElement.Load<TLanes>(w0 + offset), a0);
                a1 = TLanes.Fma(value, TElement.Load<TLanes>(w1 + offset), a1);
                a2 = TLanes.Fma(value, TElement.Load<TLanes>(w2 + offset), a2);
                a3 = TLanes.Fma(value, TElement.Load<TLanes>(w3 + offset), a3);
            }

            y0 = first == 0 ? a0 : y0 + a0;
            y1 = first == 0 ? a1 : y1 + a1;
            y2 = first == 0 ? a2 : y2 + a2;
            y3 = first == 0 ? a3 : y3 + a3;
        }

        Store(y0, vector);
        Store(y1, vector + 1);
        Store(y2, vector + 2);
        Store(y3, vector + 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MultiplyOne<TLanes>(int vector)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var w = Address<TLanes>(vector);
        var zero = TLanes.Broadcast(0);
        var sum = zero;
        for (var first = 0; first < columns; first += PanelProduct.Depth)
        {
            var last = Math.Min(columns, first + PanelProduct.Depth);
            var partial = zero;
            for (var k = first; k < last; k++)
            {
                var column = TElement.Load<TLanes>(w + (nint)k * (Group * TElement.Size));
                partial = TLanes.Fma(TLanes.Broadcast(_x[k]), column, partial);
            }

            sum = first == 0 ? partial : sum + partial;
        }

        Store(sum, vector);
    }

    /// <summary>Where column 0 of a vector of rows lies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* Address<TLanes>(int vector)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var row = vector * TLanes.Width;
        return _weights + ((long)(row / Group) * columns * Group + row % Group) * TElement.Size;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store<TLanes>(TLanes value, int vector)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var row = vector * TLanes.Width;
        if (row + TLanes.Width <= rows)
        {
            TLanes.Store(value, _y + row);
        }
        else if (row < rows)
        {
            PartialLanes.Store(value, _y + row, rows - row);
        }
    }
}

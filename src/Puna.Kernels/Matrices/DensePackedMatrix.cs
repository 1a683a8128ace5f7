using Puna.Kernels.Activations;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>
/// F32, F16 or BF16 weights in the layout [row group][column][16 rows], elements coded as in the file and widened to
/// f32 as they are used: every product is f32. <see cref="DenseMatrixPacker"/> makes it.
/// </summary>
/// <param name="weights">The elements, owned.</param>
/// <param name="rows">Rows M.</param>
/// <param name="columns">Columns K.</param>
internal sealed unsafe class DensePackedMatrix<TElement>(
    NativeBuffer<byte> weights,
    int rows,
    int columns
) : PackedMatrix(rows, columns), IPartitionedProduct
    where TElement : struct, IDenseElement
{
    private readonly NativeBuffer<byte> _weights = weights;

    /// <inheritdoc/>
    public override long Bytes => _weights.Bytes;

    private byte* Weights => _weights.Span.Pointer;

    /// <inheritdoc/>
    public override void DequantRows(int firstRow, int rowCount, Span<float> destination)
    {
        CheckRows(firstRow, rowCount, destination.Length);
        for (var index = 0; index < rowCount; index++)
        {
            var row = firstRow + index;
            var target = destination.Slice(index * Columns, Columns);
            var offset = (long)(row / RowGroup) * Columns * RowGroup + row % RowGroup;
            var source = Weights + offset * TElement.Size;
            for (var k = 0; k < target.Length; k++)
            {
                target[k] = TElement.Read(source + (nint)k * RowGroup * TElement.Size);
            }
        }
    }

    /// <inheritdoc/>
    public override void Multiply(ActivationRows x, FloatRows y, WorkerPool pool)
    {
        CheckProduct(x, y);
        PartitionedProduct.Multiply(this, x, y, pool);
    }

    /// <inheritdoc/>
    public override void Dispose() => _weights.Dispose();

    /// <inheritdoc/>
    public void MultiplyPart(ActivationRows x, FloatRows y, int part, int parts)
    {
        if (x.Tokens == 1)
        {
            Dispatch.Run(
                new DenseGemv<TElement>(Weights, Rows, Columns, x.Rows.Pointer, y.Pointer),
                part,
                parts
            );
        }
        else
        {
            PanelProduct.MultiplyPart(
                new DensePanelSource<TElement>(Weights, Columns),
                Rows,
                Columns,
                x,
                y.Pointer,
                y.Stride,
                part,
                parts
            );
        }
    }

    /// <summary>The body at one width, on this thread: what the tests force.</summary>
    internal void Body<TLanes>(
        float* x,
        nint xStride,
        int tokens,
        float* y,
        nint yStride,
        int part,
        int parts
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (tokens == 1)
        {
            new DenseGemv<TElement>(Weights, Rows, Columns, x, y).Execute<TLanes>(part, parts);
        }
        else
        {
            new PanelProduct.Job<DensePanelSource<TElement>>(
                new DensePanelSource<TElement>(Weights, Columns),
                Rows,
                Columns,
                new FloatLayout(x, xStride),
                tokens,
                y,
                yStride
            ).Execute<TLanes>(part, parts);
        }
    }
}

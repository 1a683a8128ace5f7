using System.Runtime.CompilerServices;
using Puna.Kernels.Activations;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Formats;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>
/// F32, F16 or BF16 weights in the layout [row group][column][16 rows], elements coded as in the file and widened to
/// f32 as they are used: every product is f32.
/// </summary>
internal sealed unsafe class DensePackedMatrix : PackedMatrix, IPartitionedProduct
{
    private readonly NativeBuffer<byte> _weights;
    private bool _finite;

    private DensePackedMatrix(ElementFormat format, int rows, int columns, NativeArena? arena)
        : base(format, rows, columns)
    {
        var groups = ((long)rows + RowGroup - 1) / RowGroup;
        var bytes = checked(groups * RowGroup * columns * format.BlockBytes());
        _weights = arena?.Allocate<byte>(bytes) ?? new NativeBuffer<byte>(bytes, clear: false);
    }

    /// <inheritdoc/>
    public override long Bytes => _weights.Bytes;

    private byte* Weights => _weights.Span.Pointer;

    /// <summary>Repacks rows; the arguments are those of <see cref="MatrixPacker.Pack"/>, already checked.</summary>
    internal static DensePackedMatrix Pack(
        ElementFormat format,
        NativeSpan<byte> source,
        int rows,
        int columns,
        ReadOnlySpan<int> rowOrder,
        WorkerPool pool,
        NativeArena? arena
    )
    {
        var matrix = new DensePackedMatrix(format, rows, columns, arena);
        fixed (int* order = rowOrder)
        {
            if (format == ElementFormat.F32)
            {
                var job = new PackJob<uint>(
                    (uint*)source.Pointer,
                    (uint*)matrix.Weights,
                    rows,
                    columns,
                    order,
                    null
                );
                pool.Run(ref job);
            }
            else
            {
                var finite = format == ElementFormat.F16;
                var job = new PackJob<ushort>(
                    (ushort*)source.Pointer,
                    (ushort*)matrix.Weights,
                    rows,
                    columns,
                    order,
                    finite ? &finite : null
                );
                pool.Run(ref job);
                matrix._finite = finite;
            }
        }

        return matrix;
    }

    /// <inheritdoc/>
    public override void DequantRows(int firstRow, int rowCount, Span<float> destination)
    {
        CheckRows(firstRow, rowCount, destination.Length);
        for (var index = 0; index < rowCount; index++)
        {
            var row = firstRow + index;
            var target = destination.Slice(index * Columns, Columns);
            var offset = (long)(row / RowGroup) * Columns * RowGroup + row % RowGroup;
            switch (Format)
            {
                case ElementFormat.F32:
                    var singles = (float*)Weights + offset;
                    for (var k = 0; k < target.Length; k++)
                    {
                        target[k] = singles[(nint)k * RowGroup];
                    }

                    break;
                case ElementFormat.F16:
                    var halves = (Half*)Weights + offset;
                    for (var k = 0; k < target.Length; k++)
                    {
                        target[k] = (float)halves[(nint)k * RowGroup];
                    }

                    break;
                default:
                    var brains = (ushort*)Weights + offset;
                    for (var k = 0; k < target.Length; k++)
                    {
                        target[k] = BitConverter.UInt32BitsToSingle(
                            (uint)brains[(nint)k * RowGroup] << 16
                        );
                    }

                    break;
            }
        }
    }

    /// <inheritdoc/>
    public override void Multiply(
        ActivationRows x,
        NativeSpan<float> y,
        int yStride,
        WorkerPool pool
    )
    {
        CheckProduct(x, y, yStride);
        PartitionedProduct.Multiply(this, x, y, yStride, pool);
    }

    /// <inheritdoc/>
    public override void Dispose() => _weights.Dispose();

    /// <inheritdoc/>
    public void MultiplyPart(
        ActivationRows x,
        NativeSpan<float> y,
        int yStride,
        int part,
        int parts
    )
    {
        switch (Format)
        {
            case ElementFormat.F32:
                MultiplyPart<DenseElements.F32>(x, y, yStride, part, parts);
                break;
            case ElementFormat.F16 when _finite:
                MultiplyPart<DenseElements.FiniteF16>(x, y, yStride, part, parts);
                break;
            case ElementFormat.F16:
                MultiplyPart<DenseElements.F16>(x, y, yStride, part, parts);
                break;
            default:
                MultiplyPart<DenseElements.BF16>(x, y, yStride, part, parts);
                break;
        }
    }

    /// <summary>The body at one width, on this thread: what the tests force.</summary>
    internal void Body<TElement, TLanes>(
        float* x,
        nint xStride,
        int tokens,
        float* y,
        nint yStride,
        int part,
        int parts
    )
        where TElement : struct, IDenseElement
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

    private void MultiplyPart<TElement>(
        ActivationRows x,
        NativeSpan<float> y,
        int yStride,
        int part,
        int parts
    )
        where TElement : struct, IDenseElement
    {
        if (x.Tokens == 1)
        {
            Dispatch.Run(
                new DenseGemv<TElement>(Weights, Rows, Columns, x.Values.Pointer, y.Pointer),
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
                yStride,
                part,
                parts
            );
        }
    }

    private readonly struct PackJob<TBits>(
        TBits* source,
        TBits* destination,
        int rows,
        int columns,
        int* order,
        bool* finite
    ) : IParallelJob
        where TBits : unmanaged
    {
        private readonly TBits* _source = source;
        private readonly TBits* _destination = destination;
        private readonly int* _order = order;
        private readonly bool* _finite = finite;

        public void Execute(int part, int parts)
        {
            var groups = (rows + RowGroup - 1) / RowGroup;
            var end = Dispatch.PartStart(groups, part + 1, parts);
            for (var group = Dispatch.PartStart(groups, part, parts); group < end; group++)
            {
                PackGroup(group);
                var size = (long)columns * RowGroup;
                if (
                    _finite != null
                    && !HalfBits.AllFinite((ushort*)_destination + group * size, size)
                )
                {
                    *_finite = false;
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void PackGroup(int group)
        {
            // A strip of columns at a time, so that the lines written stay in the first-level cache.
            const int Strip = 64;
            var target = _destination + (long)group * columns * RowGroup;
            for (var first = 0; first < columns; first += Strip)
            {
                var last = Math.Min(columns, first + Strip);
                for (var inner = 0; inner < RowGroup; inner++)
                {
                    var row = group * RowGroup + inner;
                    var from =
                        row < rows
                            ? _order == null
                                ? row
                                : _order[row]
                            : -1;
                    for (var k = first; k < last; k++)
                    {
                        target[(nint)k * RowGroup + inner] =
                            from < 0 ? default : _source[(long)from * columns + k];
                    }
                }
            }
        }
    }
}

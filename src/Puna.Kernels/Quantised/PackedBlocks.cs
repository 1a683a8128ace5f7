using System.Runtime.CompilerServices;
using Puna.Kernels.Activations;
using Puna.Kernels.Lanes;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Quantised;

/// <summary>A matrix of a block format, 16 rows interleaved: see <see cref="IBlockLayout"/> for the layout.</summary>
/// <typeparam name="TLayout">The format.</typeparam>
internal sealed unsafe class PackedBlocks<TLayout> : PackedBlockMatrix
    where TLayout : struct, IBlockLayout
{
    private readonly NativeBuffer<byte> _memory;
    private readonly BlockStorage<TLayout> _storage;

    /// <summary>Packs the rows of a file; checked by the format: whole blocks, and as many bytes as the shape needs.</summary>
    public PackedBlocks(StoredMatrix source, WorkerPool pool, NativeArena? arena)
        : base(source.Rows, source.Columns)
    {
        var bytes = new BlockStorage<TLayout>(null, Rows, Columns).Bytes;
        _memory = arena?.Allocate<byte>(bytes) ?? new NativeBuffer<byte>(bytes, clear: false);
        _storage = new BlockStorage<TLayout>(_memory.Span.Pointer, Rows, Columns);
        fixed (int* order = source.RowOrder)
        {
            var job = new BlockPackJob<TLayout>(_storage, source.Data.Pointer, order);
            pool.Run(ref job);
        }
    }

    /// <inheritdoc/>
    public override long Bytes => _memory.Bytes;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void DequantRows(int firstRow, int rowCount, Span<float> destination)
    {
        CheckRows(firstRow, rowCount, destination.Length);
        var memory = stackalloc float[PanelProduct.Depth * RowGroup + 16];
        var panel = PanelProduct.Align(memory);
        var width = Width(Dispatch.Level);
        for (var row = firstRow; row < firstRow + rowCount; )
        {
            var group = row / RowGroup;
            var end = Math.Min((group + 1) * RowGroup, firstRow + rowCount);
            for (var first = 0; first < Columns; first += PanelProduct.Depth)
            {
                var count = Math.Min(PanelProduct.Depth, Columns - first);
                _storage.Decode(group, first, count, width, panel);
                for (var inner = row; inner < end; inner++)
                {
                    CopyColumn(
                        panel + inner % RowGroup,
                        destination.Slice((inner - firstRow) * Columns + first, count)
                    );
                }
            }

            row = end;
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _memory.Dispose();

    /// <inheritdoc/>
    public override void MultiplyPart(ActivationRows x, FloatRows y, int part, int parts)
    {
        if (x.Format == ActivationFormat.Int8)
        {
            Int8Job(x, y, Dispatch.Level, emitted: true).Execute(part, parts);
        }
        else
        {
            PanelProduct.MultiplyPart(
                new BlockPanelSource<TLayout>(_storage),
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

    /// <inheritdoc/>
    internal override void MultiplyInt8(
        ActivationRows x,
        FloatRows y,
        WorkerPool pool,
        KernelLevel level,
        bool emitted
    )
    {
        CheckProduct(x, y);
        var job = Int8Job(x, y, level, emitted);
        Dispatch.Share(ref job, pool, (long)Rows * Columns * x.Tokens);
    }

    /// <inheritdoc/>
    internal override void DecodePanel(int group, int first, int count, int width, float* panel) =>
        _storage.Decode(group, first, count, width, panel);

    private BlockProductJob<TLayout> Int8Job(
        ActivationRows x,
        FloatRows y,
        KernelLevel level,
        bool emitted
    ) => new(_storage, x.Quantised.Pointer, x.Tokens, y.Pointer, y.Stride, level, emitted);

    private static void CopyColumn(float* source, Span<float> target)
    {
        for (var column = 0; column < target.Length; column++)
        {
            target[column] = source[column * RowGroup];
        }
    }
}

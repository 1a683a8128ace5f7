using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Quantised.RowLanes;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Quantised;

/// <summary>A matrix of a block format, 16 rows interleaved: see <see cref="IBlockLayout"/> for the layout.</summary>
/// <typeparam name="TLayout">The format.</typeparam>
internal sealed unsafe class PackedBlocks<TLayout> : PackedMatrix
    where TLayout : struct, IBlockLayout
{
    private readonly NativeBuffer<byte> _memory;
    private readonly byte* _scales;
    private readonly int _subBlocks;
    private readonly int _groups;
    private readonly long _groupCodes;
    private readonly long _groupScales;

    /// <summary>Packs the rows of a file; the arguments are those of <see cref="MatrixPacker.Pack"/>, checked.</summary>
    public PackedBlocks(
        NativeSpan<byte> source,
        int rows,
        int columns,
        ReadOnlySpan<int> rowOrder,
        WorkerPool pool
    )
        : base(TLayout.Format, rows, columns)
    {
        _subBlocks = columns / ActivationBlock.Columns;
        _groups = (rows + RowGroup - 1) / RowGroup;
        var blocks = _subBlocks / TLayout.SubBlocks;
        _groupCodes = (long)blocks * TLayout.CodeWords * sizeof(uint) * RowGroup;
        _groupScales = (long)blocks * TLayout.ScaleBytes * RowGroup;
        _memory = new NativeBuffer<byte>(_groups * (_groupCodes + _groupScales), clear: false);
        _scales = _memory.Span.Pointer + _groups * _groupCodes;
        fixed (int* order = rowOrder)
        {
            var job = new PackJob(this, source.Pointer, order);
            pool.Run(ref job);
        }
    }

    /// <inheritdoc/>
    public override long Bytes => _memory.Bytes;

    private byte* Codes => _memory.Span.Pointer;

    /// <inheritdoc/>
    [SkipLocalsInit]
    public override void DequantRows(int firstRow, int rowCount, Span<float> destination)
    {
        var memory =
            stackalloc float[ChunkScales.Floats + BlockProduct.ChunkSubBlocks * 32 * RowGroup + 16];
        var table = Align(memory);
        var panel = table + ChunkScales.Floats;
        for (var row = firstRow; row < firstRow + rowCount; )
        {
            var group = row / RowGroup;
            var end = Math.Min((group + 1) * RowGroup, firstRow + rowCount);
            for (var first = 0; first < _subBlocks; first += BlockProduct.ChunkSubBlocks)
            {
                var count = Math.Min(BlockProduct.ChunkSubBlocks, _subBlocks - first);
                DecodeChunk(group, first / BlockProduct.ChunkSubBlocks, count, table, panel);
                for (var inner = row; inner < end; inner++)
                {
                    var target = destination.Slice(
                        (inner - firstRow) * Columns + first * 32,
                        count * 32
                    );
                    var source = panel + inner % RowGroup;
                    for (var column = 0; column < target.Length; column++)
                    {
                        target[column] = source[column * RowGroup];
                    }
                }
            }

            row = end;
        }
    }

    /// <inheritdoc/>
    public override void Multiply(
        ActivationRows x,
        NativeSpan<float> y,
        int yStride,
        WorkerPool pool
    ) => Multiply(x, y, yStride, pool, DefaultLanes);

    /// <summary>The same with vectors of 4, 8 or 16 rows.</summary>
    internal void Multiply(
        ActivationRows x,
        NativeSpan<float> y,
        int yStride,
        WorkerPool pool,
        int lanes
    )
    {
        if (x.Columns != Columns)
        {
            throw new ArgumentException(
                $"Activations of {x.Columns} columns meet a matrix of {Columns}."
            );
        }

        var job = new ProductJob(this, x, y.Pointer, yStride, lanes);
        pool.Run(ref job);
    }

    /// <inheritdoc/>
    public override void MultiplyTransposed(
        NativeSpan<float> dy,
        int dyStride,
        int tokens,
        NativeSpan<float> dx,
        int dxStride,
        WorkerPool pool
    ) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Dispose() => _memory.Dispose();

    private static int DefaultLanes { get; } =
        Vector512.IsHardwareAccelerated && Avx512BW.IsSupported ? 16
        : Avx2.IsSupported ? 8
        : 4;

    private static float* Align(float* pointer) => (float*)(((nint)pointer + 63) & ~63);

    private void DecodeChunk(int group, int chunk, int count, float* table, float* panel)
    {
        var codes =
            Codes + group * _groupCodes + chunk * (long)BlockProduct.ChunkCodeBytes<TLayout>();
        var scales =
            _scales + group * _groupScales + chunk * (long)BlockProduct.ChunkScaleBytes<TLayout>();
        switch (DefaultLanes)
        {
            case 16:
                BlockPanel.Decode<RowLanes16, TLayout>(codes, scales, count, table, panel);
                break;
            case 8:
                BlockPanel.Decode<RowLanes8, TLayout>(codes, scales, count, table, panel);
                break;
            default:
                BlockPanel.Decode<RowLanes4, TLayout>(codes, scales, count, table, panel);
                break;
        }
    }

    private readonly struct PackJob(PackedBlocks<TLayout> matrix, byte* source, int* order)
        : IParallelJob
    {
        public void Execute(int part, int parts)
        {
            var end = (int)((long)matrix._groups * (part + 1) / parts);
            for (var group = (int)((long)matrix._groups * part / parts); group < end; group++)
            {
                PackGroup(group);
            }
        }

        private void PackGroup(int group)
        {
            var groupCodes = matrix.Codes + group * matrix._groupCodes;
            var groupScales = matrix._scales + group * matrix._groupScales;
            var first = group * RowGroup;
            var count = Math.Min(RowGroup, matrix.Rows - first);
            if (count < RowGroup)
            {
                new NativeSpan<byte>(groupCodes, matrix._groupCodes).Span.Clear();
                new NativeSpan<byte>(groupScales, matrix._groupScales).Span.Clear();
            }

            var blocks = matrix._subBlocks / TLayout.SubBlocks;
            var blockBytes = TLayout.CodeWords * sizeof(uint) + TLayout.ScaleBytes;
            for (var row = 0; row < count; row++)
            {
                var index = order == null ? first + row : order[first + row];
                var block = source + (long)index * blocks * blockBytes;
                var codes = (uint*)groupCodes + row;
                var scales = groupScales;
                for (var step = 0; step < blocks; step++)
                {
                    TLayout.Pack(block, codes, scales, row);
                    block += blockBytes;
                    codes += TLayout.CodeWords * RowGroup;
                    scales += TLayout.ScaleBytes * RowGroup;
                }
            }
        }
    }

    private readonly struct ProductJob(
        PackedBlocks<TLayout> matrix,
        ActivationRows x,
        float* y,
        int yStride,
        int lanes
    ) : IParallelJob
    {
        public void Execute(int part, int parts)
        {
            var first = (int)((long)matrix._groups * part / parts);
            var end = (int)((long)matrix._groups * (part + 1) / parts);
            switch (lanes)
            {
                case 16:
                    Groups<RowLanes16>(first, end);
                    break;
                case 8:
                    Groups<RowLanes8>(first, end);
                    break;
                default:
                    Groups<RowLanes4>(first, end);
                    break;
            }
        }

        [SkipLocalsInit]
        private void Groups<TLanes>(int first, int end)
            where TLanes : unmanaged, IRowLanes<TLanes>
        {
            var memory =
                stackalloc float[ChunkScales.Floats + ActivationRows.TileRows * RowGroup + 16];
            var table = Align(memory);
            var sums = table + ChunkScales.Floats;
            var tokens = x.Tokens;
            for (var token = 0; token < tokens; token += ActivationRows.TileRows)
            {
                var count = Math.Min(ActivationRows.TileRows, tokens - token);
                var activations = x.Quantised.Pointer + (long)token * x.Blocks;
                for (var group = first; group < end; group++)
                {
                    var codes = matrix.Codes + group * matrix._groupCodes;
                    var scales = matrix._scales + group * matrix._groupScales;
                    BlockProduct.Multiply<TLanes, TLayout>(
                        new BlockProduct.Arguments
                        {
                            Codes = codes,
                            Scales = scales,
                            SubBlocks = matrix._subBlocks,
                            Activations = activations,
                            Tokens = count,
                            Table = table,
                            Sums = sums,
                        }
                    );
                    WriteRows(sums, token, count, group);
                }
            }
        }

        private void WriteRows(float* sums, int token, int count, int group)
        {
            var rows = Math.Min(RowGroup, matrix.Rows - group * RowGroup);
            for (var inner = 0; inner < count; inner++)
            {
                var target = y + (long)(token + inner) * yStride + group * RowGroup;
                new ReadOnlySpan<float>(sums + inner * RowGroup, rows).CopyTo(
                    new Span<float>(target, rows)
                );
            }
        }
    }
}

using Puna.Kernels.Lanes;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised.Codecs;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Quantised;

/// <summary>
/// Rows kept as they are stored and decoded when they are used: the matrix of a format that has no packed layout. Both
/// products derive from that, exactly but slowly.
/// </summary>
internal sealed class CodedMatrix : PackedMatrix
{
    private readonly IRowCodec _codec;
    private readonly NativeBuffer<byte> _memory;
    private readonly long _rowBytes;

    /// <summary>Copies the rows, in the order that is asked for.</summary>
    /// <param name="codec">How a row is coded.</param>
    /// <param name="source">The rows: whole blocks, and as many bytes as the shape needs.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="arena">Owns the memory of the matrix; null = the matrix owns it.</param>
    public CodedMatrix(IRowCodec codec, StoredMatrix source, WorkerPool pool, NativeArena? arena)
        : base(source.Rows, source.Columns)
    {
        _codec = codec;
        var bytes = source.Data.Length;
        _rowBytes = bytes / Rows;
        _memory = arena?.Allocate<byte>(bytes) ?? new NativeBuffer<byte>(bytes, clear: false);
        var job = new CopyJob(source, _memory.Span, _rowBytes);
        pool.Run(ref job);
    }

    /// <inheritdoc/>
    public override long Bytes => _memory.Bytes;

    /// <inheritdoc/>
    public override void DequantRows(int firstRow, int rowCount, Span<float> destination)
    {
        CheckRows(firstRow, rowCount, destination.Length);
        for (var row = 0; row < rowCount; row++)
        {
            _codec.Decode(
                _memory.Span.Slice((firstRow + row) * _rowBytes, _rowBytes).Span,
                destination.Slice(row * Columns, Columns)
            );
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _memory.Dispose();

    private readonly ref struct CopyJob(
        StoredMatrix source,
        NativeSpan<byte> destination,
        long rowBytes
    ) : IParallelJob
    {
        private readonly StoredMatrix _source = source;

        public void Execute(int part, int parts)
        {
            var end = Dispatch.PartStart(_source.Rows, part + 1, parts);
            for (var row = Dispatch.PartStart(_source.Rows, part, parts); row < end; row++)
            {
                var from = _source.RowOrder.IsEmpty ? row : _source.RowOrder[row];
                _source
                    .Data.Slice(from * rowBytes, rowBytes)
                    .Span.CopyTo(destination.Slice(row * rowBytes, rowBytes).Span);
            }
        }
    }
}

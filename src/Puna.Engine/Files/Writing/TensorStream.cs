using System.Runtime.ExceptionServices;
using Puna.Kernels.Threads;

namespace Puna.Engine.Files.Writing;

/// <summary>Writes tensors to a stream, a few rows at a time: memory stays bounded whatever the size of the model.</summary>
internal sealed class TensorStream
{
    private const int BufferBytes = 1 << 20;
    private readonly Stream _stream;
    private readonly WorkerPool? _pool;
    private readonly IProgress<double>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly double _total;
    private readonly float[][] _scratch;
    private byte[] _buffer = [];
    private long _written;

    /// <summary>Starts writing.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="totalBytes">Bytes of all tensors together, for the progress.</param>
    /// <param name="pool">Threads, or null for the caller's alone.</param>
    /// <param name="progress">Told the share that is done, from 0 to 1.</param>
    /// <param name="cancellation">Looked at between buffers.</param>
    public TensorStream(
        Stream stream,
        long totalBytes,
        WorkerPool? pool,
        IProgress<double>? progress,
        CancellationToken cancellation
    )
    {
        _stream = stream;
        _pool = pool;
        _progress = progress;
        _cancellation = cancellation;
        _total = Math.Max(1, totalBytes);
        _scratch = new float[pool?.Threads ?? 1][];
        Array.Fill(_scratch, []);
    }

    public void Write(OutputTensor tensor)
    {
        var rowBytes = tensor.RowBytes;
        var rowsAtOnce = (int)Math.Clamp(BufferBytes / rowBytes, 1, tensor.RowCount);
        if (_buffer.Length < rowsAtOnce * rowBytes)
        {
            _buffer = new byte[rowsAtOnce * rowBytes];
        }

        for (var part = 0; part < _scratch.Length; part++)
        {
            if (_scratch[part].Length < tensor.Columns)
            {
                _scratch[part] = new float[tensor.Columns];
            }
        }

        for (long first = 0; first < tensor.RowCount; first += rowsAtOnce)
        {
            _cancellation.ThrowIfCancellationRequested();
            var rows = (int)Math.Min(rowsAtOnce, tensor.RowCount - first);
            Fill(new FillJob(tensor, first, rows, _buffer, _scratch));
            _stream.Write(_buffer.AsSpan(0, rows * rowBytes));
            _written += (long)rows * rowBytes;
            _progress?.Report(_written / _total);
        }
    }

    /// <summary>Writes zeros up to the next multiple of <paramref name="alignment"/> after <paramref name="length"/> bytes.</summary>
    public void Pad(long length, int alignment)
    {
        ReadOnlySpan<byte> zeros = stackalloc byte[alignment];
        _stream.Write(zeros[..(int)((alignment - length % alignment) % alignment)]);
    }

    private void Fill(FillJob job)
    {
        if (_pool is null)
        {
            job.Execute(0, 1);
            return;
        }

        try
        {
            _pool.Run(ref job);
        }
        catch (AggregateException fault) when (fault.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
        }
    }

    private readonly struct FillJob(
        OutputTensor tensor,
        long first,
        int rows,
        byte[] buffer,
        float[][] scratch
    ) : IParallelJob
    {
        public void Execute(int part, int parts)
        {
            var rowBytes = tensor.RowBytes;
            var end = (int)((long)rows * (part + 1) / parts);
            for (var row = (int)((long)rows * part / parts); row < end; row++)
            {
                tensor.Rows.Fill(
                    first + row,
                    buffer.AsSpan(row * rowBytes, rowBytes),
                    scratch[part].AsSpan(0, tensor.Columns)
                );
            }
        }
    }
}

using Puna.Kernels.Activations;
using Puna.Kernels.Formats;
using Puna.Kernels.Lanes;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Quantised;

/// <summary>A packed matrix beside its stored rows and their values.</summary>
internal sealed class BlockMatrix : IDisposable
{
    private readonly PackedBlockMatrix _packed;

    /// <summary>Packs stored rows.</summary>
    public BlockMatrix(WeightFormat format, byte[] stored, int columns, int[]? order = null)
    {
        Rows = (int)(stored.Length / format.RowBytes(columns));
        Columns = columns;
        Stored = stored;
        Values = new float[Rows * columns];
        var decoded = new float[Rows * columns];
        format.DecodeRow(stored, decoded);
        for (var row = 0; row < Rows; row++)
        {
            var from = order is null ? row : order[row];
            decoded.AsSpan(from * columns, columns).CopyTo(Values.AsSpan(row * columns));
        }

        using var source = new GuardedBuffer<byte>(stored);
        using var pool = new WorkerPool(2);
        _packed = (PackedBlockMatrix)
            format.Pack(new StoredMatrix(source.Span, Rows, columns, order), pool);
    }

    public static TheoryData<WeightFormat> Formats =>
        [.. WeightFormats.All.Where(format => !format.IsDense)];

    /// <summary>The ways to compute an int8 product; without emitted loops the last is the one before.</summary>
    public static (KernelLevel Level, bool Emitted)[] Paths { get; } =
    [
        (KernelLevel.Vector128, false),
        (KernelLevel.Avx2, false),
        (KernelLevel.Avx512, false),
        (KernelLevel.Avx512, true),
    ];

    public int Rows { get; }

    public int Columns { get; }

    public byte[] Stored { get; }

    /// <summary>The rows as the row-major decoder reads them, in the packed order.</summary>
    public float[] Values { get; }

    public PackedBlockMatrix Packed => _packed;

    /// <summary>A matrix of random valid blocks.</summary>
    public static BlockMatrix Random(WeightFormat format, int rows, int columns, ulong seed)
    {
        var stored = new byte[rows * format.RowBytes(columns)];
        format.FillRandom(seed, stored);
        return new BlockMatrix(format, stored, columns);
    }

    /// <summary>The int8 product in one of the ways.</summary>
    public float[] Multiply(
        float[] x,
        int tokens,
        (KernelLevel Level, bool Emitted) path,
        int threads = 1
    )
    {
        using var pool = new WorkerPool(threads);
        using var values = new GuardedBuffer<float>(x.AsSpan(0, tokens * Columns));
        using var activations = new ActivationRows(tokens, Columns, ActivationFormat.Int8);
        activations.Load(new FloatRows(values.Span, tokens, Columns));
        using var y = new GuardedBuffer<float>(tokens * Rows);
        y.Span.Span.Fill(float.NaN);
        _packed.MultiplyInt8(
            activations,
            new FloatRows(y.Span, activations.Tokens, Rows),
            pool,
            path.Level,
            path.Emitted
        );
        return y.ToArray();
    }

    /// <summary>The product at the level of the process.</summary>
    public float[] Multiply(float[] x, int tokens, ActivationFormat format, int threads = 1)
    {
        using var pool = new WorkerPool(threads);
        using var values = new NativeBuffer<float>(tokens * Columns);
        x.AsSpan(0, tokens * Columns).CopyTo(values.Span.Span);
        using var activations = new ActivationRows(tokens, Columns, format);
        activations.Load(new FloatRows(values.Span, tokens, Columns), pool);
        using var y = new NativeBuffer<float>(tokens * Rows);
        _packed.Multiply(activations, new FloatRows(y.Span, activations.Tokens, Rows), pool);
        return y.Span.Span.ToArray();
    }

    public void Dispose() => _packed.Dispose();
}

using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Activations;

/// <summary>
/// A batch of activation rows x [T, K], as f32 and, in int8 mode, also quantised once for all the matrices that read
/// them. Each row is quantised by itself in blocks of 32: the result is the same whatever T is.
/// </summary>
public sealed class ActivationRows : IDisposable
{
    /// <summary>Columns in one int8 block.</summary>
    public const int BlockSize = ActivationBlock.Columns;

    /// <summary>Bytes to which the blocks are aligned.</summary>
    public const int Alignment = ActivationBlock.Size;

    /// <summary>Rows of a tile of <see cref="Quantised"/>.</summary>
    internal const int TileRows = 32;

    // Elements below which waking the other threads costs more than it brings.
    private const long ParallelElements = 16 * 1024;

    private readonly NativeBuffer<ActivationBlock> _quantised;
    private readonly int _maximumTokens;
    private readonly int _maximumColumns;

    /// <summary>Makes room for <paramref name="maximumTokens"/> rows of up to <paramref name="maximumColumns"/>.</summary>
    public ActivationRows(int maximumTokens, int maximumColumns, ActivationFormat format)
    {
        Format = format;
        _maximumTokens = maximumTokens;
        _maximumColumns = maximumColumns;
        _quantised = new NativeBuffer<ActivationBlock>(
            QuantisedBytes(maximumTokens, maximumColumns, format) / ActivationBlock.Size
        );
    }

    /// <summary>The same in memory that someone else owns.</summary>
    /// <param name="maximumTokens">Most rows.</param>
    /// <param name="maximumColumns">Most columns of a row.</param>
    /// <param name="format">Arithmetic.</param>
    /// <param name="memory">At least <see cref="QuantisedBytes"/>, aligned to <see cref="Alignment"/>.</param>
    /// <exception cref="ArgumentException">The memory is too small.</exception>
    public ActivationRows(
        int maximumTokens,
        int maximumColumns,
        ActivationFormat format,
        NativeSpan<byte> memory
    )
    {
        var needed = QuantisedBytes(maximumTokens, maximumColumns, format);
        if (memory.Length < needed)
        {
            throw new ArgumentException(
                $"{maximumTokens} rows of {maximumColumns} take {needed} bytes; {memory.Length} were given.",
                nameof(memory)
            );
        }

        Format = format;
        _maximumTokens = maximumTokens;
        _maximumColumns = maximumColumns;
        _quantised = new NativeBuffer<ActivationBlock>(
            memory.Slice(0, needed).Cast<ActivationBlock>(),
            needed
        );
    }

    /// <summary>The arithmetic that these rows ask for.</summary>
    public ActivationFormat Format { get; }

    /// <summary>The f32 rows [T, K]; owned by the caller of <see cref="Load"/>.</summary>
    public FloatRows Rows { get; private set; }

    /// <summary>Rows T now held.</summary>
    public int Tokens => Rows.Rows;

    /// <summary>Columns K of each row.</summary>
    public int Columns => Rows.Columns;

    /// <summary>Blocks of a row: K / 32 rounded up; the last is filled with zeros.</summary>
    public int Blocks => (Columns + BlockSize - 1) / BlockSize;

    /// <summary>
    /// Int8 blocks in tiles of <see cref="TileRows"/> rows, the last with what is left: [tiles][Blocks][rows of the tile].
    /// Inside a tile all rows' first 32 columns come first, then all rows' next, so that a kernel that goes through the
    /// columns reads them in sequence; a tile stays in the second-level cache. Empty in f32 mode.
    /// </summary>
    internal NativeSpan<ActivationBlock> Quantised => _quantised.Span;

    /// <summary>Bytes of the int8 blocks of so many rows; 0 in f32 mode.</summary>
    public static long QuantisedBytes(
        int maximumTokens,
        int maximumColumns,
        ActivationFormat format
    ) =>
        format == ActivationFormat.Int8
            ? (long)maximumTokens
                * ((maximumColumns + BlockSize - 1) / BlockSize)
                * ActivationBlock.Size
            : 0;

    /// <summary>Takes a batch: remembers where the f32 rows are and, in int8 mode, quantises them.</summary>
    /// <param name="rows">[T, K]; must stay alive and unchanged while the rows are used.</param>
    /// <param name="pool">Threads for large batches; null means the caller's alone.</param>
    /// <exception cref="ArgumentException">There is no room for so many rows or columns.</exception>
    public unsafe void Load(FloatRows rows, WorkerPool? pool = null)
    {
        if (rows.Rows > _maximumTokens || rows.Columns > _maximumColumns)
        {
            throw new ArgumentException(
                $"{rows.Rows} rows of {rows.Columns} exceed the room for {_maximumTokens} rows of {_maximumColumns}."
            );
        }

        Rows = rows;
        if (Format != ActivationFormat.Int8)
        {
            return;
        }

        var job = new QuantiseJob(rows, _quantised.Span.Pointer);
        if (pool is null || rows.Rows == 1 || rows.Elements < ParallelElements)
        {
            job.Execute(0, 1);
        }
        else
        {
            pool.Run(ref job);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _quantised.Dispose();

    private readonly unsafe struct QuantiseJob(FloatRows rows, ActivationBlock* blocks)
        : IParallelJob
    {
        public void Execute(int part, int parts)
        {
            var (tokens, columns) = (rows.Rows, rows.Columns);
            var rowBlocks = (columns + BlockSize - 1) / BlockSize;
            var end = (int)((long)tokens * (part + 1) / parts);
            for (var token = (int)((long)tokens * part / parts); token < end; token++)
            {
                var tile = token / TileRows * TileRows;
                ActivationQuantiser.Row(
                    rows.Pointer + (long)token * rows.Stride,
                    columns,
                    blocks + (long)tile * rowBlocks + (token - tile),
                    Math.Min(TileRows, tokens - tile)
                );
            }
        }
    }
}

using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised;
using Puna.Kernels.Quantised.Codecs;
using Puna.Kernels.Randomness;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Formats;

/// <summary>
/// How the elements of a stored matrix are coded, and how its rows become a <see cref="PackedMatrix"/>. Formats are
/// compared by reference. Those of the engine are in <see cref="WeightFormats"/>; any other is made by its author and
/// handed over wherever one of those is.
/// </summary>
public sealed class WeightFormat
{
    private readonly IRowCodec _codec;
    private readonly MatrixPacker _packer;

    /// <summary>Describes a format.</summary>
    /// <param name="name">Its name, as in messages: <c>Q4_K</c>.</param>
    /// <param name="codec">How a row is stored.</param>
    /// <param name="packer">How rows are packed; null keeps them as stored and decodes them when they are used.</param>
    /// <param name="ggufType">GGUF's number for tensors of the format; null = a GGUF file cannot hold it.</param>
    /// <param name="ggufFileType">llama.cpp's number for a file whose matrices are mostly of the format; null = it has none.</param>
    /// <exception cref="ArgumentException">The name is empty or a size is not positive.</exception>
    public WeightFormat(
        string name,
        IRowCodec codec,
        MatrixPacker? packer = null,
        uint? ggufType = null,
        uint? ggufFileType = null
    )
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentOutOfRangeException.ThrowIfLessThan(codec.BlockSize, 1, nameof(codec));
        ArgumentOutOfRangeException.ThrowIfLessThan(codec.BlockBytes, 1, nameof(codec));
        _codec = codec;
        _packer = packer ?? ((source, pool, arena) => new CodedMatrix(codec, source, pool, arena));
        Name = name;
        Id = name.ToLowerInvariant();
        GgufType = ggufType;
        GgufFileType = ggufFileType;
    }

    /// <summary>The name in messages: <c>Q4_K</c>, <c>BF16</c>.</summary>
    public string Name { get; }

    /// <summary>The name people type, lower case, as in file names: <c>q4_k</c>, <c>bf16</c>.</summary>
    public string Id { get; }

    /// <summary>GGUF's number for tensors of the format, or null when a GGUF file cannot hold it.</summary>
    public uint? GgufType { get; }

    /// <summary>llama.cpp's number for a file whose matrices are mostly of the format, or null when it has none.</summary>
    public uint? GgufFileType { get; }

    /// <summary>Elements in one block; rows are a whole number of blocks.</summary>
    public int BlockSize => _codec.BlockSize;

    /// <summary>Bytes of one block.</summary>
    public int BlockBytes => _codec.BlockBytes;

    /// <summary>True for formats without blocks, such as F32, F16 and BF16: an element is coded by itself.</summary>
    public bool IsDense => BlockSize == 1;

    /// <summary>True for the formats that <see cref="EncodeRow"/> writes.</summary>
    public bool CanEncode => _codec is IRowEncoder;

    /// <summary>Bytes of a row of <paramref name="columns"/> elements.</summary>
    /// <exception cref="ArgumentException">The block size does not divide the row.</exception>
    public long RowBytes(long columns)
    {
        if (columns % BlockSize != 0)
        {
            throw new ArgumentException(
                $"A row of {columns} is not a whole number of {Name} blocks of {BlockSize}."
            );
        }

        return columns / BlockSize * BlockBytes;
    }

    /// <summary>Decodes whole blocks to f32, bit for bit as the format's reference does.</summary>
    /// <param name="row">The row's bytes, a whole number of blocks; several rows in sequence do as well.</param>
    /// <param name="values">As many elements as the bytes hold.</param>
    /// <exception cref="ArgumentException">The lengths do not belong together.</exception>
    public void DecodeRow(ReadOnlySpan<byte> row, Span<float> values)
    {
        CheckLengths(row.Length, values.Length);
        _codec.Decode(row, values);
    }

    /// <summary>
    /// Encodes whole blocks. Scales are always finite: what lies beyond a format's range saturates, NaN counts as zero
    /// (dense formats keep NaN).
    /// </summary>
    /// <param name="values">Elements, a whole number of blocks.</param>
    /// <param name="row">As many bytes as the elements need.</param>
    /// <exception cref="NotSupportedException"><see cref="CanEncode"/> is false.</exception>
    /// <exception cref="ArgumentException">The lengths do not belong together.</exception>
    public void EncodeRow(ReadOnlySpan<float> values, Span<byte> row)
    {
        CheckLengths(row.Length, values.Length);
        if (_codec is not IRowEncoder encoder)
        {
            throw new NotSupportedException($"{Name} can be read but not written.");
        }

        encoder.Encode(values, row);
    }

    /// <summary>
    /// False when any scale is NaN or infinite; in the dense formats, when any element is. The engine's own formats read
    /// only the scales, so that a whole file can be checked while it is loaded.
    /// </summary>
    /// <exception cref="ArgumentException">The bytes are not whole blocks.</exception>
    public bool HasOnlyFiniteScales(ReadOnlySpan<byte> rows)
    {
        CheckBlocks(rows.Length);
        return _codec.HasOnlyFiniteScales(rows);
    }

    /// <summary>
    /// Fills rows with random valid blocks whose values have mean about 0 and the given standard deviation (MXFP4,
    /// whose scales are powers of two: within a factor of 1.5). The same seed gives the same bytes.
    /// </summary>
    /// <param name="seed">Seed; give each tensor its own.</param>
    /// <param name="rows">Whole blocks.</param>
    /// <param name="deviation">Standard deviation of the values.</param>
    /// <exception cref="ArgumentException">The bytes are not whole blocks.</exception>
    /// <exception cref="NotSupportedException">The codec has no way to make random blocks.</exception>
    public void FillRandom(ulong seed, Span<byte> rows, float deviation = 0.02f)
    {
        CheckBlocks(rows.Length);
        var random = new PhiloxRandom(seed);
        _codec.FillRandom(ref random, deviation, rows);
    }

    /// <summary>Packs stored rows for products; the bytes may be given back afterwards.</summary>
    /// <param name="source">The matrix: exactly Rows * RowBytes(Columns) bytes.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="arena">Owns the memory of the matrix; null = the matrix owns it.</param>
    /// <exception cref="ArgumentException">The bytes do not fit the shape.</exception>
    public PackedMatrix Pack(StoredMatrix source, WorkerPool pool, NativeArena? arena = null)
    {
        var bytes = checked(source.Rows * RowBytes(source.Columns));
        if (source.Data.Length != bytes)
        {
            throw new ArgumentException(
                $"A {Name} matrix of {source.Rows} x {source.Columns} has {bytes} bytes; {source.Data.Length} were given.",
                nameof(source)
            );
        }

        return _packer(source, pool, arena);
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private void CheckBlocks(int bytes)
    {
        if (bytes % BlockBytes != 0)
        {
            throw new ArgumentException(
                $"{bytes} bytes are not a whole number of {Name} blocks of {BlockBytes} bytes."
            );
        }
    }

    private void CheckLengths(int bytes, int elements)
    {
        CheckBlocks(bytes);
        var held = (long)bytes / BlockBytes * BlockSize;
        if (held != elements)
        {
            throw new ArgumentException(
                $"{bytes} bytes of {Name} hold {held} elements, not {elements}."
            );
        }
    }
}

using Puna.Kernels.Formats;
using Puna.Kernels.Randomness;

namespace Puna.Kernels.Quantised.Codecs;

/// <summary>
/// Row-major coding of every <see cref="ElementFormat"/>, exactly as GGUF stores it: the reference that the packed
/// kernels are compared with, and what conversion reads and writes. Stateless, safe to share between threads.
/// </summary>
public static class BlockCodecs
{
    private static readonly IRowCodec?[] Codecs = Build();

    /// <summary>True for the formats that <see cref="EncodeRow"/> writes: F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K.</summary>
    public static bool CanEncode(ElementFormat format) => Find(format) is IRowEncoder;

    /// <summary>Decodes whole blocks to f32, bit for bit as ggml's reference does.</summary>
    /// <param name="format">How the row is coded.</param>
    /// <param name="row">The row's bytes, a whole number of blocks; several rows in sequence do as well.</param>
    /// <param name="values">As many elements as the bytes hold.</param>
    /// <exception cref="ArgumentException">The lengths do not belong together.</exception>
    public static void DecodeRow(ElementFormat format, ReadOnlySpan<byte> row, Span<float> values)
    {
        CheckLengths(format, row.Length, values.Length);
        Find(format).Decode(row, values);
    }

    /// <summary>
    /// Encodes whole blocks. Scales are always finite: what lies beyond a format's range saturates, NaN counts as zero
    /// (dense formats keep NaN).
    /// </summary>
    /// <param name="format">A format that <see cref="CanEncode"/> accepts.</param>
    /// <param name="values">Elements, a whole number of blocks.</param>
    /// <param name="row">As many bytes as the elements need.</param>
    /// <exception cref="NotSupportedException">There is no encoder for the format.</exception>
    /// <exception cref="ArgumentException">The lengths do not belong together.</exception>
    public static void EncodeRow(ElementFormat format, ReadOnlySpan<float> values, Span<byte> row)
    {
        CheckLengths(format, row.Length, values.Length);
        if (Find(format) is not IRowEncoder encoder)
        {
            throw new NotSupportedException($"{format} can be read but not written.");
        }

        encoder.Encode(values, row);
    }

    /// <summary>
    /// False when any scale is NaN or infinite; in the dense formats, when any element is. Reads only the scales, so
    /// that a whole file can be checked while it is loaded.
    /// </summary>
    /// <exception cref="ArgumentException">The bytes are not whole blocks.</exception>
    public static bool HasOnlyFiniteScales(ElementFormat format, ReadOnlySpan<byte> rows)
    {
        CheckBlocks(format, rows.Length);
        return Find(format).HasOnlyFiniteScales(rows);
    }

    /// <summary>
    /// Fills rows with random valid blocks whose values have mean about 0 and the given standard deviation (MXFP4,
    /// whose scales are powers of two: within a factor of 1.5). The same seed gives the same bytes.
    /// </summary>
    /// <param name="format">Any format.</param>
    /// <param name="seed">Seed; give each tensor its own.</param>
    /// <param name="rows">Whole blocks.</param>
    /// <param name="deviation">Standard deviation of the values.</param>
    /// <exception cref="ArgumentException">The bytes are not whole blocks.</exception>
    public static void FillRandom(
        ElementFormat format,
        ulong seed,
        Span<byte> rows,
        float deviation = 0.02f
    )
    {
        CheckBlocks(format, rows.Length);
        var random = new PhiloxRandom(seed);
        Find(format).FillRandom(ref random, deviation, rows);
    }

    private static IRowCodec Find(ElementFormat format) =>
        (uint)format < (uint)Codecs.Length && Codecs[(int)format] is { } codec
            ? codec
            : throw new ArgumentOutOfRangeException(
                nameof(format),
                format,
                "Unknown element format."
            );

    private static void CheckBlocks(ElementFormat format, int bytes)
    {
        if (bytes % format.BlockBytes() != 0)
        {
            throw new ArgumentException(
                $"{bytes} bytes are not a whole number of {format} blocks of {format.BlockBytes()} bytes."
            );
        }
    }

    private static void CheckLengths(ElementFormat format, int bytes, int elements)
    {
        CheckBlocks(format, bytes);
        if ((long)bytes / format.BlockBytes() * format.BlockSize() != elements)
        {
            throw new ArgumentException(
                $"{bytes} bytes of {format} hold {(long)bytes / format.BlockBytes() * format.BlockSize()} elements, not {elements}."
            );
        }
    }

    private static IRowCodec?[] Build()
    {
        var codecs = new IRowCodec?[(int)ElementFormats.All.Max() + 1];
        codecs[(int)ElementFormat.F32] = new F32Codec();
        codecs[(int)ElementFormat.F16] = new F16Codec();
        codecs[(int)ElementFormat.BF16] = new BF16Codec();
        AddEncoding<Q8_0Codec>(codecs);
        AddEncoding<Q4_0Codec>(codecs);
        Add<Q4_1Codec>(codecs);
        Add<Q5_0Codec>(codecs);
        Add<Q5_1Codec>(codecs);
        Add<Q2_KCodec>(codecs);
        Add<Q3_KCodec>(codecs);
        AddEncoding<Q4_KCodec>(codecs);
        Add<Q5_KCodec>(codecs);
        AddEncoding<Q6_KCodec>(codecs);
        Add<IQ4_NLCodec>(codecs);
        Add<IQ4_XSCodec>(codecs);
        Add<TQ1_0Codec>(codecs);
        Add<TQ2_0Codec>(codecs);
        Add<MXFP4Codec>(codecs);
        return codecs;
    }

    private static void Add<TCodec>(IRowCodec?[] codecs)
        where TCodec : struct, IBlockCodec =>
        codecs[(int)TCodec.Format] = new BlockRowCodec<TCodec>();

    private static void AddEncoding<TCodec>(IRowCodec?[] codecs)
        where TCodec : struct, IBlockEncoder =>
        codecs[(int)TCodec.Format] = new EncodingBlockRowCodec<TCodec>();
}

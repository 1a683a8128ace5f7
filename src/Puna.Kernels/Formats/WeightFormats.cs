using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised;
using Puna.Kernels.Quantised.Codecs;
using Puna.Kernels.Quantised.Layouts;

namespace Puna.Kernels.Formats;

/// <summary>
/// The one table of the engine's own weight formats: files, options, conversion and benchmarks enumerate it, and nothing
/// else spells a format out.
/// </summary>
public static class WeightFormats
{
    /// <summary>IEEE single.</summary>
    public static WeightFormat F32 { get; } =
        new("F32", new F32Codec(), DenseMatrixPacker.F32, 0, 0);

    /// <summary>IEEE half.</summary>
    public static WeightFormat F16 { get; } =
        new("F16", new F16Codec(), DenseMatrixPacker.F16, 1, 1);

    /// <summary>4 bits, block of 32, scale: d * (q - 8).</summary>
    public static WeightFormat Q4_0 { get; } = Written<Q4_0Codec, Q4_0Layout>("Q4_0", 2, 2);

    /// <summary>4 bits, block of 32, scale and minimum: d * q + m.</summary>
    public static WeightFormat Q4_1 { get; } = Written<Q4_1Codec, Q4_1Layout>("Q4_1", 3, 3);

    /// <summary>5 bits, block of 32, scale: d * (q - 16).</summary>
    public static WeightFormat Q5_0 { get; } = Written<Q5_0Codec, Q5_0Layout>("Q5_0", 6, 8);

    /// <summary>5 bits, block of 32, scale and minimum: d * q + m.</summary>
    public static WeightFormat Q5_1 { get; } = Written<Q5_1Codec, Q5_1Layout>("Q5_1", 7, 9);

    /// <summary>8 bits, block of 32, scale: d * q.</summary>
    public static WeightFormat Q8_0 { get; } = Written<Q8_0Codec, Q8_0Layout>("Q8_0", 8, 7);

    /// <summary>2 bits, block of 256 with 16 sub-blocks of scale and minimum.</summary>
    public static WeightFormat Q2_K { get; } = Written<Q2_KCodec, Q2_KLayout>("Q2_K", 10, 10);

    /// <summary>3 bits, block of 256 with 16 sub-blocks of scale.</summary>
    public static WeightFormat Q3_K { get; } = Written<Q3_KCodec, Q3_KLayout>("Q3_K", 11, 11);

    /// <summary>4 bits, block of 256 with 8 sub-blocks of scale and minimum.</summary>
    public static WeightFormat Q4_K { get; } = Written<Q4_KCodec, Q4_KLayout>("Q4_K", 12, 14);

    /// <summary>5 bits, block of 256 with 8 sub-blocks of scale and minimum.</summary>
    public static WeightFormat Q5_K { get; } = Written<Q5_KCodec, Q5_KLayout>("Q5_K", 13, 16);

    /// <summary>6 bits, block of 256 with 16 sub-blocks of scale.</summary>
    public static WeightFormat Q6_K { get; } = Written<Q6_KCodec, Q6_KLayout>("Q6_K", 14, 18);

    /// <summary>4 bits that index a table of 16 values, block of 32, scale.</summary>
    public static WeightFormat IQ4_NL { get; } =
        Written<IQ4_NLCodec, IQ4_NLLayout>("IQ4_NL", 20, 25);

    /// <summary>4 bits that index a table of 16 values, block of 256 with 8 sub-blocks of scale.</summary>
    public static WeightFormat IQ4_XS { get; } = Read<IQ4_XSCodec, IQ4_XSLayout>("IQ4_XS", 23, 30);

    /// <summary>The upper half of an IEEE single.</summary>
    public static WeightFormat BF16 { get; } =
        new("BF16", new BF16Codec(), DenseMatrixPacker.BF16, 30, 32);

    /// <summary>Ternary, five values a byte, block of 256, scale.</summary>
    public static WeightFormat TQ1_0 { get; } = Read<TQ1_0Codec, TQ1_0Layout>("TQ1_0", 34, 36);

    /// <summary>Ternary, four values a byte, block of 256, scale.</summary>
    public static WeightFormat TQ2_0 { get; } = Read<TQ2_0Codec, TQ2_0Layout>("TQ2_0", 35, 37);

    /// <summary>4-bit floats (E2M1), block of 32, power-of-two scale (E8M0).</summary>
    public static WeightFormat MXFP4 { get; } = Read<MXFP4Codec, MXFP4Layout>("MXFP4", 39, 38);

    /// <summary>Every format, in the order of GGUF's numbers.</summary>
    public static IReadOnlyList<WeightFormat> All { get; } =
    [
        F32,
        F16,
        Q4_0,
        Q4_1,
        Q5_0,
        Q5_1,
        Q8_0,
        Q2_K,
        Q3_K,
        Q4_K,
        Q5_K,
        Q6_K,
        IQ4_NL,
        IQ4_XS,
        BF16,
        TQ1_0,
        TQ2_0,
        MXFP4,
    ];

    /// <summary>A format by the name that people type, in any case, or null when there is none.</summary>
    public static WeightFormat? Find(string id) =>
        All.FirstOrDefault(format =>
            string.Equals(format.Id, id, StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>The format of GGUF's tensor type <paramref name="number"/>, or null when it cannot be read.</summary>
    public static WeightFormat? FindGguf(uint number) =>
        All.FirstOrDefault(format => format.GgufType == number);

    private static WeightFormat Read<TCodec, TLayout>(string name, uint ggufType, uint ggufFileType)
        where TCodec : struct, IBlockCodec
        where TLayout : struct, IBlockLayout =>
        new(name, new BlockRowCodec<TCodec>(), Packer<TLayout>(), ggufType, ggufFileType);

    private static WeightFormat Written<TCodec, TLayout>(
        string name,
        uint ggufType,
        uint ggufFileType
    )
        where TCodec : struct, IBlockEncoder
        where TLayout : struct, IBlockLayout =>
        new(name, new EncodingBlockRowCodec<TCodec>(), Packer<TLayout>(), ggufType, ggufFileType);

    private static MatrixPacker Packer<TLayout>()
        where TLayout : struct, IBlockLayout =>
        static (source, pool, arena) => new PackedBlocks<TLayout>(source, pool, arena);
}

namespace Puna.Kernels.Formats;

/// <summary>How the elements of a stored tensor are coded. The numbers are GGUF's type ids.</summary>
public enum ElementFormat
{
    /// <summary>IEEE single.</summary>
    F32 = 0,

    /// <summary>IEEE half.</summary>
    F16 = 1,

    /// <summary>4 bits, block of 32, scale: d * (q - 8).</summary>
    Q4_0 = 2,

    /// <summary>4 bits, block of 32, scale and minimum: d * q + m.</summary>
    Q4_1 = 3,

    /// <summary>5 bits, block of 32, scale: d * (q - 16).</summary>
    Q5_0 = 6,

    /// <summary>5 bits, block of 32, scale and minimum: d * q + m.</summary>
    Q5_1 = 7,

    /// <summary>8 bits, block of 32, scale: d * q.</summary>
    Q8_0 = 8,

    /// <summary>2 bits, block of 256 with 16 sub-blocks of scale and minimum.</summary>
    Q2_K = 10,

    /// <summary>3 bits, block of 256 with 16 sub-blocks of scale.</summary>
    Q3_K = 11,

    /// <summary>4 bits, block of 256 with 8 sub-blocks of scale and minimum.</summary>
    Q4_K = 12,

    /// <summary>5 bits, block of 256 with 8 sub-blocks of scale and minimum.</summary>
    Q5_K = 13,

    /// <summary>6 bits, block of 256 with 16 sub-blocks of scale.</summary>
    Q6_K = 14,

    /// <summary>4 bits that index a table of 16 values, block of 32, scale.</summary>
    IQ4_NL = 20,

    /// <summary>4 bits that index a table of 16 values, block of 256 with 8 sub-blocks of scale.</summary>
    IQ4_XS = 23,

    /// <summary>The upper half of an IEEE single.</summary>
    BF16 = 30,

    /// <summary>Ternary, five values a byte, block of 256, scale.</summary>
    TQ1_0 = 34,

    /// <summary>Ternary, four values a byte, block of 256, scale.</summary>
    TQ2_0 = 35,

    /// <summary>4-bit floats (E2M1), block of 32, power-of-two scale (E8M0).</summary>
    MXFP4 = 39,
}

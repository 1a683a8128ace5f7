namespace Puna.Kernels.Formats;

/// <summary>Sizes and names of the <see cref="ElementFormat"/>s.</summary>
public static class ElementFormats
{
    /// <summary>Every format that can be read, in the order of the ids.</summary>
    public static IReadOnlyList<ElementFormat> All { get; } = Enum.GetValues<ElementFormat>();

    /// <summary>Elements in one block; rows are a whole number of blocks.</summary>
    public static int BlockSize(this ElementFormat format) =>
        format switch
        {
            ElementFormat.F32 or ElementFormat.F16 or ElementFormat.BF16 => 1,
            ElementFormat.Q4_0
            or ElementFormat.Q4_1
            or ElementFormat.Q5_0
            or ElementFormat.Q5_1
            or ElementFormat.Q8_0
            or ElementFormat.IQ4_NL
            or ElementFormat.MXFP4 => 32,
            _ => 256,
        };

    /// <summary>Bytes of one block.</summary>
    public static int BlockBytes(this ElementFormat format) =>
        format switch
        {
            ElementFormat.F32 => 4,
            ElementFormat.F16 or ElementFormat.BF16 => 2,
            ElementFormat.Q4_0 or ElementFormat.IQ4_NL => 18,
            ElementFormat.Q4_1 => 20,
            ElementFormat.Q5_0 => 22,
            ElementFormat.Q5_1 => 24,
            ElementFormat.Q8_0 => 34,
            ElementFormat.Q2_K => 84,
            ElementFormat.Q3_K => 110,
            ElementFormat.Q4_K => 144,
            ElementFormat.Q5_K => 176,
            ElementFormat.Q6_K => 210,
            ElementFormat.IQ4_XS => 136,
            ElementFormat.TQ1_0 => 54,
            ElementFormat.TQ2_0 => 66,
            ElementFormat.MXFP4 => 17,
            _ => throw new ArgumentOutOfRangeException(
                nameof(format),
                format,
                "Unknown element format."
            ),
        };

    /// <summary>The name people type: lower case, as in file names (<c>q4_k</c>, <c>bf16</c>).</summary>
    public static string Id(this ElementFormat format) => format.ToString().ToLowerInvariant();

    /// <summary>True for F32, F16 and BF16, which have no blocks and no scales.</summary>
    public static bool IsDense(this ElementFormat format) => format.BlockSize() == 1;

    /// <summary>Bytes of a row of <paramref name="columns"/> elements.</summary>
    /// <exception cref="ArgumentException">The block size does not divide the row.</exception>
    public static long RowBytes(this ElementFormat format, long columns)
    {
        var block = format.BlockSize();
        if (columns % block != 0)
        {
            throw new ArgumentException(
                $"A row of {columns} is not a whole number of {format} blocks of {block}."
            );
        }

        return columns / block * format.BlockBytes();
    }
}
